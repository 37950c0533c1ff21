"""The JSON API of accounts."""

from __future__ import annotations

from typing import Any

from flask import request
from flask.views import MethodView
from flask_smorest import Blueprint

from accounts import access, consortia, grants, passwords, people, schemas, sessions, totp
from accounts.access import current_actor, current_actor_or_none
from accounts.actor import Actor
from accounts.consortia import Confirmation, Declaration
from accounts.models import Consortium, RoleGrant, SignInSession
from accounts.people import NewPerson, Registered, Registration
from kernel import clock
from kernel.db import own_transaction, transaction
from kernel.site import site

bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1", description="Organizations, people, roles")

Body = dict[str, Any]


@bp.route("/organizations")
class Organizations(MethodView):
    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.arguments(schemas.OrganizationIn)
    @bp.response(201, schemas.RegisteredOut)
    def post(self, body: Body) -> Registered:
        """Register an organization with its first person; bodies other than bidders, owners, agencies as MGR."""
        password = body.pop("password")
        stored = passwords.hashed(password, body["login"]) if password else None
        with transaction():
            by = current_actor_or_none()
            _self_registration_needs(stored, by)
            return people.register_organization(Registration(**body, password_hash=stored), by, clock.now())


def _self_registration_needs(stored: str | None, by: Actor | None) -> None:
    """Who registers alone sets a password; who is registered by the office gets an invitation."""
    if stored is None and by is None:
        passwords.hashed("")


@bp.route("/people")
class People(MethodView):
    @bp.arguments(schemas.PersonIn)
    @bp.response(201, schemas.InvitedOut)
    def post(self, body: Body) -> Body:
        """Add a person to the own organization, or to any as MGR; the answer holds the one-time invitation."""
        person, invitation = people.register_person(current_actor(), NewPerson(**body), clock.now())
        return {"login": person.login, "invitation": invitation}


@bp.route("/people/accept")
class Acceptance(MethodView):
    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.arguments(schemas.AcceptIn)
    @bp.response(200, schemas.PersonOut)
    def post(self, body: Body) -> Any:
        """Set the first password with the invitation."""
        stored = passwords.hashed(body["password"], body["login"])
        with transaction():
            return people.accept_invitation(body["invitation"], body["login"], stored, clock.now())


@bp.route("/people/<login>/parts")
class Parts(MethodView):
    @bp.arguments(schemas.PartsIn)
    @bp.response(204)
    def put(self, body: Body, login: str) -> None:
        """Change what a person of the own organization may do."""
        people.set_parts(current_actor(), login, body["parts"], clock.now())


@bp.route("/me")
class Me(MethodView):
    @bp.response(200, schemas.MeOut)
    def get(self) -> Actor:
        """Who is signed in."""
        return current_actor()


@bp.route("/sessions")
class Sessions(MethodView):
    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.arguments(schemas.SessionIn)
    @bp.response(201, schemas.OpenedOut)
    def post(self, body: Body) -> sessions.Opened:
        """Sign in; the token goes into the Authorization header of later requests."""
        return sessions.sign_in(
            sessions.Attempt(
                body["login"],
                body["password"],
                body["totp"],
                address=access.client_address(),
                user_agent=request.headers.get("User-Agent", ""),
                api=True,
            ),
            clock.now(),
        )

    @bp.response(200, schemas.SessionOut(many=True))
    def get(self) -> list[SignInSession]:
        """The own live sessions."""
        with transaction(write=False):
            return sessions.sessions(current_actor(), clock.now())


@bp.route("/sessions/<session_id>")
class OneSession(MethodView):
    @bp.response(204)
    def delete(self, session_id: str) -> None:
        """End one of the own sessions."""
        sessions.end_session(current_actor(), session_id, clock.now())


@bp.route("/password")
class Password(MethodView):
    decorators = [own_transaction]  # noqa: RUF012  Flask's own protocol

    @bp.arguments(schemas.PasswordIn)
    @bp.response(204)
    def post(self, body: Body) -> None:
        """Change the own password; every other session ends."""
        change_password(body["current"], body["password"])


def change_password(current: str, new: str) -> None:
    """The slow hashes run between the two transactions."""
    with transaction(write=False):
        actor = current_actor()
        login, stored = sessions.secret_of(actor)
    sessions.check_current(stored, current)
    renewed = passwords.hashed(new, login)
    with transaction():
        sessions.change_password(actor, renewed, clock.now())


@bp.route("/totp")
class Totp(MethodView):
    @bp.response(201, schemas.TotpOut)
    def post(self) -> Body:
        """A new secret for an authenticator app; it counts once confirmed."""
        actor = current_actor()
        login, secret = sessions.enroll_totp(actor, clock.now())
        return {"secret": secret, "address": totp.address(secret, login, site().settings.origin)}


@bp.route("/totp/confirm")
class TotpConfirmation(MethodView):
    @bp.arguments(schemas.CodeIn)
    @bp.response(204)
    def post(self, body: Body) -> None:
        """Prove that the app shows the right codes."""
        sessions.confirm_totp(current_actor(), body["code"], clock.now())


@bp.route("/people/<login>/totp")
class PersonTotp(MethodView):
    @bp.response(204)
    def delete(self, login: str) -> None:
        """Forget a lost device, as MGR."""
        sessions.reset_totp(current_actor(), login, clock.now())


@bp.route("/grants")
class Grants(MethodView):
    @bp.arguments(schemas.GrantIn)
    @bp.response(201, schemas.GrantOut)
    def post(self, body: Body) -> RoleGrant:
        """Give a role, as MGR."""
        expertise = grants.Expertise(**body["expertise"]) if body["expertise"] else None
        return grants.grant_role(current_actor(), body["login"], body["role"], clock.now(), expertise)


@bp.route("/grants/<login>/<role>")
class OneGrant(MethodView):
    @bp.response(204)
    def delete(self, login: str, role: str) -> None:
        """Take a role back, as MGR."""
        grants.end_grant(current_actor(), login, grants.role_named(role), clock.now())


@bp.route("/consortia")
class Consortia(MethodView):
    @bp.arguments(schemas.ConsortiumIn)
    @bp.response(201, schemas.ConsortiumOut)
    def post(self, body: Body) -> Consortium:
        """Declare a consortium as its lead."""
        return consortia.declare(current_actor(), Declaration(**body), clock.now())

    @bp.response(200, schemas.ConsortiumOut(many=True))
    def get(self) -> list[Consortium]:
        """Those the own organization is in."""
        return consortia.consortia_of(current_actor())


@bp.route("/consortia/<code>/confirm")
class ConsortiumConfirmation(MethodView):
    @bp.arguments(schemas.ConfirmationIn)
    @bp.response(200, schemas.ConsortiumOut)
    def post(self, body: Body, code: str) -> Consortium:
        """Confirm the membership by a signature over the statement."""
        return consortia.confirm(current_actor(), code, Confirmation(body["sig"], body["cert"]), clock.now())


@bp.route("/consortia/<code>")
class OneConsortium(MethodView):
    @bp.response(200, schemas.ConsortiumOut)
    def get(self, code: str) -> Consortium:
        """Its members and what they confirmed; for members only."""
        return consortia.seen_by(current_actor(), code)

    @bp.response(204)
    def delete(self, code: str) -> None:
        """Dissolve it, as its lead."""
        consortia.dissolve(current_actor(), code, clock.now())
