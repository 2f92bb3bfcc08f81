"""`python -m tests.rig.questions QUESTIONS.json ANSWERS.json`: runs `llagar` with each list of words.

For use inside `llagar-rig exec`, so that one network answers them all.
"""

import json
import subprocess
import sys
from pathlib import Path

LLAGAR = str(Path(sys.executable).parent / "llagar")


def main(questions: Path, answers: Path) -> None:
    found = []
    for words in json.loads(questions.read_text()):
        done = subprocess.run([LLAGAR, *words], capture_output=True, text=True, timeout=90, check=False)
        found.append({"code": done.returncode, "out": done.stdout, "err": done.stderr})
    answers.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
