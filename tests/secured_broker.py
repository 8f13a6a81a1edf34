"""A broker with TLS, every login and an authorizer, a CA of its own, and clients' settings for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from stream_app.kafka.broker import LocalBroker, local_broker
from tests.certificates import CertificateAuthority
from tests.http_servers import running
from tests.token_endpoint import CLIENT, SECRET, TokenEndpoint

PASSWORD = "the-password-of-the-worker"  # noqa: S105 - not a real one
KEY_PASSWORD = "the-password-of-the-key"  # noqa: S105 - not a real one
_LISTENERS = {"TLS": "SSL", "MUTUAL": "SSL", "LOGIN": "SASL_SSL", "STRANGER": "SASL_SSL"}
_SECURITY = "org.apache.kafka.common.security"

Right = tuple[ResourceType, str, AclOperation]


class SecuredBroker:
    """The broker, as an administrator and as its clients see it. Whoever comes in without a login may do all.

    Args:
        broker: runs.
        folder: holds the PEM files.
        authority: signed the broker's certificates.
        token_url: gives tokens for OAUTHBEARER.
    """

    def __init__(
        self, broker: LocalBroker, folder: Path, authority: CertificateAuthority, token_url: str
    ) -> None:
        self.bootstrap_servers = broker.bootstrap_servers
        self.broker = broker
        self._ca_file = str(authority.file)
        self._token_url = token_url
        self._other_ca_file = str(CertificateAuthority(folder, "another-authority").file)
        self._cert_file, self._key_file = authority.issue("certified", password=KEY_PASSWORD)
        self._admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})

    def tls(self) -> dict[str, str]:
        """Settings of a client that checks the broker and says nothing of itself."""
        return self._settings("TLS", "SSL")

    def mutual_tls(self) -> dict[str, str]:
        """Settings of a client that shows a certificate of its own, whose key is encrypted."""
        own = {"ssl_cert_file": str(self._cert_file), "ssl_key_file": str(self._key_file)}
        return self._settings("MUTUAL", "SSL") | own | {"ssl_key_password": KEY_PASSWORD}

    def login(self, mechanism: str, user: str = "worker", password: str = PASSWORD) -> dict[str, str]:
        """Settings of a client that logs in behind TLS."""
        login = {"sasl_mechanism": mechanism, "sasl_username": user, "sasl_password": password}
        if mechanism == "OAUTHBEARER":
            login |= {"sasl_oauth_token_url": self._token_url, "sasl_oauth_scope": "kafka"}
        return self._settings("LOGIN", "SASL_SSL") | login

    def oauth(self) -> dict[str, str]:
        """Settings of a client that logs in with a token."""
        return self.login("OAUTHBEARER", CLIENT, SECRET)

    def stranger(self) -> dict[str, str]:
        """Settings that lead to a listener whose certificate is for another host."""
        return self.login("PLAIN") | {"bootstrap_servers": self.broker.address("STRANGER")}

    def unknown_authority(self) -> dict[str, str]:
        """Settings that trust another authority."""
        return self.login("PLAIN") | {"ssl_ca_file": self._other_ca_file}

    def add_user(self, name: str, mechanism: ScramMechanism) -> None:
        """A user with a password, for SCRAM."""
        info = ScramCredentialInfo(mechanism, 4096)
        change = UserScramCredentialUpsertion(name, info, PASSWORD.encode())
        for changed in self._admin.alter_user_scram_credentials([change]).values():
            changed.result()

    def grant(self, user: str, right: Right) -> None:
        """Let the user do it."""
        for granted in self._admin.create_acls([_rule(user, right)]).values():
            granted.result()

    def revoke(self, user: str, right: Right) -> None:
        """Let the user no longer do it."""
        for revoked in self._admin.delete_acls([_filter(user, right)]).values():
            assert revoked.result()

    def _settings(self, listener: str, protocol: str) -> dict[str, str]:
        return {
            "bootstrap_servers": self.broker.address(listener),
            "security_protocol": protocol,
            "ssl_ca_file": self._ca_file,
        }


def _rule(user: str, right: Right) -> AclBinding:
    kind, name, operation = right
    allow = AclPermissionType.ALLOW
    return AclBinding(kind, name, _pattern(kind), f"User:{user}", "*", operation, allow)


def _filter(user: str, right: Right) -> AclBindingFilter:
    kind, name, operation = right
    allow = AclPermissionType.ALLOW
    return AclBindingFilter(kind, name, _pattern(kind), f"User:{user}", "*", operation, allow)


def _pattern(kind: ResourceType) -> ResourcePatternType:
    """Transactional ids have the partition behind the group's name."""
    is_prefix = kind is ResourceType.TRANSACTIONAL_ID
    return ResourcePatternType.PREFIXED if is_prefix else ResourcePatternType.LITERAL


def _pem(listener: str, folder: Path, authority: CertificateAuthority, *hosts: str) -> dict[str, str]:
    """The broker's own certificate on a listener, in a file that Kafka reads."""
    cert_file, key_file = authority.issue(f"broker-{listener}", *hosts)
    both = folder / f"keystore-{listener}.pem"
    both.write_bytes(key_file.read_bytes() + cert_file.read_bytes())
    prefix = f"listener.name.{listener}.ssl"
    return {f"{prefix}.keystore.type": "PEM", f"{prefix}.keystore.location": str(both)}


def _logins(listener: str) -> dict[str, str]:
    prefix = f"listener.name.{listener}"
    modules = {
        "plain": f'{_SECURITY}.plain.PlainLoginModule required user_worker="{PASSWORD}";',
        "scram-sha-256": f"{_SECURITY}.scram.ScramLoginModule required;",
        "scram-sha-512": f"{_SECURITY}.scram.ScramLoginModule required;",
        "oauthbearer": f"{_SECURITY}.oauthbearer.OAuthBearerLoginModule required;",
    }
    lines = {f"{prefix}.{name}.sasl.jaas.config": module for name, module in modules.items()}
    return lines | {f"{prefix}.sasl.enabled.mechanisms": ",".join(modules).upper()}


def _server_settings(folder: Path, authority: CertificateAuthority) -> Mapping[str, str]:
    here = ("127.0.0.1", "localhost")
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        **_pem("tls", folder, authority, *here),
        **_pem("mutual", folder, authority, *here),
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.mutual.ssl.truststore.type": "PEM",
        "listener.name.mutual.ssl.truststore.location": str(authority.file),
        **_pem("login", folder, authority, *here),
        **_logins("login"),
        **_pem("stranger", folder, authority, "elsewhere.example"),
        **_logins("stranger"),
    }


@contextmanager
def secured_broker(folder: Path) -> Iterator[SecuredBroker]:
    """The broker, until the block ends."""
    authority = CertificateAuthority(folder, "authority")
    settings = MappingProxyType(_server_settings(folder, authority))
    with (
        running(TokenEndpoint()) as tokens,
        local_broker(port=0, settings=settings, protocols=_LISTENERS, say=print) as started,
    ):
        made = SecuredBroker(started, folder, authority, tokens.url)
        made.add_user("worker", ScramMechanism.SCRAM_SHA_256)
        made.add_user("worker", ScramMechanism.SCRAM_SHA_512)
        yield made
