"""Training inside a backend's environment: ``python -m mlipguide_worker.training JOB.json``.

A job is a JSON file in the folder of the fit; progress is printed as lines that begin with :data:`.job.MARK`, the result
is written to ``result.json`` or, when there is none, the reason to ``failure.json``. Each program keeps a checkpoint in
the folder, from which a job that is started again goes on.
"""
