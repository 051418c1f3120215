"""`python -m gradus.verify.isolated FOLDER`: the judging process; see `gradus.verify.isolated.child`."""

import sys

from gradus.verify.isolated.child import main

main(sys.argv[1:])
