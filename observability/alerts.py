"""What somebody is told of. Each alert has a page of its name in docs/runbook."""

from observability.objectives import FAST_BURN, LATENCY_BUDGET, LOSS_BUDGET, PSI_LARGE_SHIFT, SLOW_BURN
from observability.pace import DAY, HOUR, MINUTE, Pace
from observability.rules import Alert, Group

_SLOW = "job:stream_app_review_latency_seconds:slow_share"
_LOST = "job:stream_app_reviews:lost_share"
_OF_PARTITION = "on (job, instance, topic, partition)"


def alerts(pace: Pace) -> list[Group]:
    """All alerts."""
    return [
        Group("stream-app-objectives", [*_latency(pace), *_loss(pace)]),
        Group("stream-app-workers", [_worker_down(pace), _crash_loop(pace), _kafka_unreachable(pace)]),
        Group(
            "stream-app-progress", [_stalled(pace), _lag_growing(pace), _dead_letters(pace), _paused(pace)]
        ),
        Group("stream-app-model", [_model_stale(pace), _agreement(pace), _drift(pace)]),
    ]


def _burns(share: str, windows: tuple[str, str], times: float, budget: float) -> str:
    """Over the long window, so that it matters, and the short one, so that it ends with the fault."""
    limit = f"{times * budget:.6g}"
    return " and ".join(f"{share}{window} > {limit}" for window in windows)


def _latency(pace: Pace) -> list[Alert]:
    return [
        Alert(
            "LatencyBudgetFastBurn",
            _burns(_SLOW, ("1h", "5m"), FAST_BURN, LATENCY_BUDGET),
            pace.duration(2 * MINUTE),
            "page",
            "{{ $value | humanizePercentage }} of the results took longer than 300 ms",
            "One in a hundred may. At this rate the budget of 30 days is used up in two.",
        ),
        Alert(
            "LatencyBudgetSlowBurn",
            _burns(_SLOW, ("6h", "30m"), SLOW_BURN, LATENCY_BUDGET),
            pace.duration(15 * MINUTE),
            "ticket",
            "{{ $value | humanizePercentage }} of the results took longer than 300 ms for six hours",
            "One in a hundred may. At this rate the budget of 30 days is used up in five.",
        ),
    ]


def _loss(pace: Pace) -> list[Alert]:
    return [
        Alert(
            "LossBudgetFastBurn",
            _burns(_LOST, ("1h", "5m"), FAST_BURN, LOSS_BUDGET),
            pace.duration(MINUTE),
            "page",
            "{{ $value | humanizePercentage }} of the good reviews end without a result",
            "They were deleted before they could be read, or could not be scored. One in ten thousand may.",
        ),
        Alert(
            "LossBudgetSlowBurn",
            _burns(_LOST, ("6h", "30m"), SLOW_BURN, LOSS_BUDGET),
            pace.duration(5 * MINUTE),
            "ticket",
            "{{ $value | humanizePercentage }} of the good reviews ended without a result for six hours",
            "They were deleted before they could be read, or could not be scored. One in ten thousand may.",
        ),
    ]


def _worker_down(pace: Pace) -> Alert:
    was_a_worker = f"last_over_time(stream_app_assigned_partitions[{pace.duration(DAY)}])"
    return Alert(
        "WorkerDown",
        f"up == 0 and on (job, instance) {was_a_worker} or absent(stream_app_assigned_partitions)",
        pace.duration(MINUTE),
        "page",
        "{{ with $labels.instance }}Worker {{ . }} does{{ else }}No worker at all does{{ end }} not answer",
        "Its partitions go to the other workers of its group; without one nothing is classified.",
    )


def _crash_loop(pace: Pace) -> Alert:
    window = pace.duration(2 * HOUR)
    return Alert(
        "WorkerCrashLoop",
        f"changes(process_start_time_seconds[{window}]) >= 3 "
        f"and on (job, instance) last_over_time(stream_app_assigned_partitions[{window}])",
        "0s",
        "page",
        "Worker {{ $labels.instance }} was started {{ $value }} times anew within two hours",
        "It ends itself when it cannot go on without losing a review; each start repeats a few results.",
    )


def _kafka_unreachable(pace: Pace) -> Alert:
    # The worker asks for the lag every 5 s, whatever the pace.
    return Alert(
        "KafkaUnreachable",
        f"stream_app_lag_age_seconds > {pace.limit(MINUTE, at_least=15)}",
        pace.duration(MINUTE),
        "page",
        "Worker {{ $labels.instance }} has not reached Kafka for {{ $value | humanizeDuration }}",
        "Nothing is read or written meanwhile, and the lag that the dashboard shows is that old.",
    )


def _stalled(pace: Pace) -> Alert:
    # A partition that was never committed has no offset to change: so `unless`, not `and … == 0`.
    moving = f"changes(stream_app_committed_offset[{pace.duration(5 * MINUTE)}]) > 0"
    return Alert(
        "PartitionStalled",
        f"stream_app_lag_seconds > {pace.limit(MINUTE)} unless {_OF_PARTITION} {moving}",
        pace.duration(2 * MINUTE),
        "page",
        "{{ $labels.topic }}/{{ $labels.partition }} has not moved for five minutes",
        "Its oldest review has waited {{ $value | humanizeDuration }}; {{ $labels.instance }} owns it.",
    )


def _lag_growing(pace: Pace) -> Alert:
    window = pace.duration(15 * MINUTE)
    return Alert(
        "LagGrowing",
        f"deriv(job_topic:stream_app_lag_records:sum[{window}]) > 0 "
        f"and on (job, topic) max by (job, topic) (stream_app_lag_seconds) > {pace.limit(MINUTE)}",
        window,
        "page",
        'The lag of {{ $labels.topic }} grows by {{ $value | printf "%.1f" }} reviews a second',
        "More comes in than is classified. What waits longer than the topic's retention is lost.",
    )


def _dead_letters(pace: Pace) -> Alert:
    window = pace.duration(10 * MINUTE)
    some = f'sum by (job) (increase(stream_app_reviews_total{{outcome="dead_lettered"}}[{window}])) > 10'
    return Alert(
        "DeadLetterSurge",
        f"job:stream_app_reviews:dead_letter_share10m > 0.05 and on (job) {some}",
        pace.duration(5 * MINUTE),
        "page",
        "{{ $value | humanizePercentage }} of the records cannot be classified",
        "They are kept byte for byte in the dead-letter topic, with the reason, and can be sent again.",
    )


def _paused(pace: Pace) -> Alert:
    # Over a window: a probe ends the pause for a moment.
    return Alert(
        "PartitionPaused",
        f"max_over_time(stream_app_paused_partitions[{pace.duration(2 * MINUTE)}]) > 0",
        "0s",
        "page",
        "Worker {{ $labels.instance }} has paused {{ $value }} of its partitions",
        "More of their records than STREAM_DLQ_BREAKER_SHARE were dead-lettered. It probes them by itself.",
    )


def _model_stale(pace: Pace) -> Alert:
    return Alert(
        "ModelStale",
        f"max by (job) (time() - stream_app_model_created_timestamp_seconds) > {90 * DAY}",
        pace.duration(10 * MINUTE),
        "ticket",
        "The model is {{ $value | humanizeDuration }} old",
        "How people write changes; a model older than 90 days was measured on another time.",
    )


def _agreement(pace: Pace) -> Alert:
    window = pace.duration(30 * MINUTE)
    rated = f"sum by (job) (increase(stream_app_rating_agreement_total[{window}]))"
    return Alert(
        "RatingAgreementFalling",
        "job:stream_app_rating_agreement:share30m < job:stream_app_rating_agreement:share1d - 0.05 "
        f"and on (job) {rated} > 100",
        window,
        "ticket",
        "Only {{ $value | humanizePercentage }} of the labels agree with the given ratings",
        "That is five points below the day's: the model or what comes in has changed.",
    )


def _drift(pace: Pace) -> Alert:
    return Alert(
        "DistributionDrift",
        f"max by (job, feature) (stream_app_drift_psi) > {PSI_LARGE_SHIFT}",
        pace.duration(30 * MINUTE),
        "ticket",
        '{{ $labels.feature }} has moved: stability index {{ $value | printf "%.2f" }}',
        "The reviews, or what the model makes of them, are not distributed as when it was measured.",
    )
