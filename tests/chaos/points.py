"""The labelled places where a process can be ordered to die, and what is true at that moment."""

from __future__ import annotations

ANYBODY = "anybody"
"""Stands in an order for whoever gets there first."""

ABLATION = "CHAOS_SHOW_BEFORE_COMMIT"
"""Set in the environment, it takes the commit out of the play's way; a run must then fail."""

POINTS = {
    "after-script": "Redis took the play, the ledger has not heard of it",
    "after-commit": "the ledger has the play, the member has not heard of it",
    "before-load": "the lane is fenced and drained, its counters not yet rebuilt",
    "after-load": "the counters are rebuilt, the campaign is not yet settled",
    "after-drain": "the stream is committed, the lane not yet told of the watermark",
    "after-supplier-call": "the supplier was asked, its answer not yet written down",
}
