"""A contract of import-linter over modules by their names, so that a process that is added is held to it unasked.

Import-linter's own wildcards stand for whole names only. Named in pyproject.toml as `contract_types`.
"""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from grimp import ImportGraph
from importlinter import ContractCheck, fields
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain.imports import ModuleExpression


class ForbiddenByNameContract(ForbiddenContract):
    """As `forbidden`, but `source_modules` are those of a package whose names match.

    Options: `package`, and `names`, patterns such as `*_process`; a pattern that matches nothing is no fault.
    """

    type_name = "forbidden_by_name"

    package = fields.StringField()
    names: Any = fields.SetField(subfield=fields.StringField())
    source_modules: Any = fields.SetField(subfield=fields.ModuleExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the modules in the graph, then check them.

        Raises:
            ValueError: no module matches, so that nothing would be checked.
        """
        children = graph.find_children(str(self.package))
        names = {name for name in children for pattern in self.names if fnmatch(name.rpartition(".")[2], pattern)}
        if not names:
            raise ValueError(f"no module of {self.package} has one of the names of this contract; mend pyproject.toml")
        self.source_modules = {ModuleExpression(name) for name in names}
        return super().check(graph, verbose)
