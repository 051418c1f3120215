"""`python -m gradus.examination FOLDER`: the examining process; see `gradus.examination.child`."""

import sys

from gradus.examination.child import main

main(sys.argv[1:])
