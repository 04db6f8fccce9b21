"""What `raw new` makes beside RAW workflows and tools: parts of the system, each as new files and nothing else.

A part is found by what reads the folders it is put in, so no file that is there is ever changed. A kind of part is a
folder of templates and a module of `scaffold.kinds` that says what fills them in.
"""
