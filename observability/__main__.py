"""Writes deploy/grafana/dashboards and deploy/prometheus/rules anew from the code: `make dashboards`."""

from pathlib import Path

from observability.generated import generated

REPOSITORY = Path(__file__).parents[1]


def main() -> None:
    """Write every generated file."""
    for place, content in generated().items():
        path = REPOSITORY / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


if __name__ == "__main__":
    main()
