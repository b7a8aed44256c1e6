"""Tokens and what they may do (hubspot-api, section 2)."""

from dataclasses import dataclass, field

from connector.clock import Chance
from connector.sandbox import replies
from connector.sandbox.options import Tier

CONTACTS_READ, CONTACTS_WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
SCHEMAS_READ, SCHEMAS_WRITE = "crm.schemas.contacts.read", "crm.schemas.contacts.write"
PREFERENCES_READ, PREFERENCES_WRITE = "communication_preferences.read", "communication_preferences.write"
PREFERENCES_BOTH = "communication_preferences.read_write"
BATCH_READ = "communication_preferences.statuses.batch.read"
BATCH_WRITE = "communication_preferences.statuses.batch.write"
LISTS_READ, LISTS_WRITE = "crm.lists.read", "crm.lists.write"
FORMS, CONTENT, OAUTH = "forms", "content", "oauth"
AUDIT = "account-info.security.read"
USERS, MARKETING_EMAIL = "settings.users.read", "marketing-email"

_EVERY_PLAN = frozenset(
    {
        CONTACTS_READ, CONTACTS_WRITE, SCHEMAS_READ, SCHEMAS_WRITE,
        PREFERENCES_READ, PREFERENCES_WRITE, PREFERENCES_BOTH, LISTS_READ, LISTS_WRITE, FORMS, OAUTH, USERS,
    }
)  # fmt: skip
#: What a plan can grant: status batches and the account's history need Enterprise, mails and the
#: timeline Professional.
GRANTABLE = {
    Tier.STARTER: _EVERY_PLAN,
    Tier.PROFESSIONAL: _EVERY_PLAN | {CONTENT, MARKETING_EMAIL},
    Tier.ENTERPRISE: _EVERY_PLAN | {CONTENT, MARKETING_EMAIL, BATCH_READ, BATCH_WRITE, AUDIT},
}


@dataclass(slots=True)
class App:
    """A private app or service key of the account: burst limits count per app."""

    name: str
    scopes: frozenset[str]
    tokens: set[str] = field(default_factory=set)


class Access:
    """Who is calling, and may they?"""

    def __init__(self, tier: Tier, seed: int, chance: Chance) -> None:
        self.tier = tier
        self._chance = chance
        self._apps: dict[str, App] = {}
        self._by_token: dict[str, App] = {}
        self.token = self.add_app("consent-mirror", token=f"pat-eu1-sandbox-{seed}")

    def add_app(self, name: str, scopes: frozenset[str] | None = None, token: str | None = None) -> str:
        """A new app; without scopes it has all that the plan grants. Answers its token."""
        self._apps[name] = App(name, GRANTABLE[self.tier] if scopes is None else scopes)
        return self._issue(self._apps[name], token or self._fresh())

    def set_scopes(self, name: str, scopes: frozenset[str]) -> None:
        """Grant exactly these; what the plan cannot grant stays refused."""
        self._apps[name].scopes = scopes & GRANTABLE[self.tier]

    def set_tier(self, tier: Tier) -> None:
        """Another plan: every app has what that plan grants."""
        self.tier = tier
        for app in self._apps.values():
            app.scopes = GRANTABLE[tier]

    def rotate(self, name: str = "consent-mirror") -> str:
        """A new token for an app; the old ones answer 401 from now on."""
        app = self._apps[name]
        self.revoke(name)
        self.token = self._issue(app, self._fresh())
        return self.token

    def revoke(self, name: str) -> None:
        for token in self._apps[name].tokens:
            del self._by_token[token]
        self._apps[name].tokens.clear()

    def caller(self, authorization: str) -> App:
        """The app behind the header. Refusal 401 without one, with a wrong one, with a revoked one."""
        kind, _, token = authorization.partition(" ")
        app = self._by_token.get(token.strip()) if kind.lower() == "bearer" else None
        if app is None:
            raise replies.unauthorized(
                "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            )
        return app

    @staticmethod
    def demand(app: App, any_of: tuple[str, ...]) -> None:
        """Refusal 403 when the app has none of the scopes."""
        if any_of and not app.scopes.intersection(any_of):
            raise replies.missing_scopes(*any_of)

    def _issue(self, app: App, token: str) -> str:
        app.tokens.add(token)
        self._by_token[token] = app
        return token

    def _fresh(self) -> str:
        return f"pat-eu1-sandbox-{self._chance.bytes(8).hex()}"
