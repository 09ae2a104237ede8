"""Shared tools of the attack scripts: starts patchbay, hostile instances, raw HTTP clients. Not a test itself.

Environment: PATCHBAY names the binary (default: .build/release/patchbay below the working directory). Every process
that is started here is ended by its own id. All ports are free ones of 127.0.0.1. Python's own library is all it needs.
"""
from lab.processes import *
from lab.instance import *
from lab.streams import *
from lab.client import *
