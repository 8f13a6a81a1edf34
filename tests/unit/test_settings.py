from pathlib import Path

import pytest

from stream_app.settings import SettingsError, load_settings


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(f"STREAM_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HTTP_PORT", "x", "valid integer"),
        ("HTTP_PORT", "70000", "less than or equal to 65535"),
        ("MAX_BATCH", "0", "greater than or equal to 1"),
        ("PROCESSING_GUARANTEE", "at_most_once", "exactly_once"),
        ("THRESHOLDS", "strict", "'seed', 'inherited' or 'human'"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("INPUT_TOPIC", "a topic", "pattern"),
        ("FIELD_MAP", "body=text", "OURS one of text, title, rating, review_id"),
        ("FIELD_MAP", "text=title", "different name for each field"),
        ("INCLUDE_TEXT", "perhaps", "boolean"),
        ("SASL_OAUTH_TOKEN_URL", "file:///etc/passwd", "pattern"),
    ],
)
def test_a_wrong_value_names_the_setting_what_it_got_and_what_it_expects(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    message = refusal(monkeypatch, **{name: value})
    assert message.startswith(f"STREAM_{name}: got ")
    assert expected in message


def test_every_wrong_setting_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(refusal(monkeypatch, HTTP_PORT="x", MAX_BATCH="y").splitlines()) == 2


def test_topics_must_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, DLQ_TOPIC="reviews.raw")
    assert message.startswith("STREAM_INPUT_TOPIC, RESULT_TOPIC and DLQ_TOPIC")


def test_a_login_needs_all_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, SECURITY_PROTOCOL="SASL_SSL", SASL_USERNAME="me")
    assert "SASL_MECHANISM, SASL_USERNAME, SASL_PASSWORD" in message


def test_a_login_with_tokens_needs_to_know_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"SASL_MECHANISM": "OAUTHBEARER", "SASL_USERNAME": "me", "SASL_PASSWORD": "hunter2"}
    message = refusal(monkeypatch, SECURITY_PROTOCOL="SASL_SSL", **login)
    assert message == "STREAM_SASL_OAUTH_TOKEN_URL: expected one with SASL_MECHANISM=OAUTHBEARER"


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_SASL_PASSWORD", "hunter2")
    settings = load_settings()
    assert "hunter2" not in repr(settings) + str(settings.model_dump(mode="json"))
    connection = settings.connection()
    assert connection.sasl_password == "hunter2"  # noqa: S105 - not a real one
    assert "hunter2" not in repr(connection)


def test_the_environment_is_read_and_a_given_value_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAM_FIELD_MAP", "text=body, rating=stars")
    monkeypatch.setenv("STREAM_MAX_BATCH", "7")
    monkeypatch.setenv("STREAM_GROUP_INSTANCE_ID", "")
    settings = load_settings(max_batch="9", group_id=None)
    assert settings.field_map == {"text": "body", "rating": "stars"}
    assert (settings.max_batch, settings.group_id, settings.group_instance_id) == (
        9,
        "review-sentiment",
        None,
    )


def test_a_dotenv_file_of_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STREAM_GROUP_ID=from-file\nOTHER=1\n")
    assert load_settings().group_id == "from-file"
