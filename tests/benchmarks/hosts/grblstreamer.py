"""grbl-streamer counting characters; run by an interpreter that has it, from the repository's root."""

import json
import resource
import sys
import threading
import time

from grbl_streamer import GrblStreamer

from tests.benchmarks.sample_programs import router

LONGEST_S = 300.0


def main(port: str) -> None:
    program = router()
    booted, finished = threading.Event(), threading.Event()

    def heard(event: str, *_: object) -> None:
        if event == "on_boot":
            booted.set()
        elif event == "on_job_completed":
            finished.set()

    host = GrblStreamer(heard)
    host.setup_logging()
    host.cnect(port, 115200)
    if not booted.wait(10):
        raise TimeoutError("no banner")
    host.poll_start()
    host.incremental_streaming = False
    time.sleep(1.0)  # its own questions after the banner
    host.write(program)
    finished.clear()  # a boot counts as the end of a job
    began = time.perf_counter()
    spent = resource.getrusage(resource.RUSAGE_SELF)
    host.job_run()
    if not finished.wait(LONGEST_S):
        raise TimeoutError("the job never ends")
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall_s = time.perf_counter() - began
    host.disconnect()
    cpu_s = used.ru_utime + used.ru_stime - spent.ru_utime - spent.ru_stime
    json.dump({"lines": len(program), "cpu_s": cpu_s, "wall_s": wall_s}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
