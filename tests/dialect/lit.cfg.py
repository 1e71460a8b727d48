# lit runs the tests of this folder: the RUN lines of each .mlir file say what to do with it.
#
#   lit -v tests/dialect --param attn_opt=build/bin/attn-opt --param tools=/usr/lib/llvm-22/bin
import os

import lit.formats

config.name = "attn dialect"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = lit_config.params.get("scratch", "/tmp")
tools = lit_config.params["tools"]
config.environment["PATH"] = os.pathsep.join([tools, config.environment.get("PATH", "")])
config.substitutions.append(("attn-opt", os.path.abspath(lit_config.params["attn_opt"])))
