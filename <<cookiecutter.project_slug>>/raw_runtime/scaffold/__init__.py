"""`raw create` and `raw init`: folders that are whole and pass the gates from the first moment.

The text of the files is data: `templates/*.txt`, filled in by `string.Template`.
"""

from raw_runtime.scaffold.dry import write_dry_run
from raw_runtime.scaffold.project import init_project
from raw_runtime.scaffold.tool import create_tool
from raw_runtime.scaffold.workflow import copy_workflow, create_workflow

__all__ = ["copy_workflow", "create_tool", "create_workflow", "init_project", "write_dry_run"]
