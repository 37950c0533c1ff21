"""The JSON API of certificates: issued, registered from outside, confirmed, countersigned, revoked."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint

from accounts import certificates, countersigning, schemas
from accounts.access import current_actor
from accounts.models import Certificate
from kernel import clock
from kernel.statements import Signed

bp = Blueprint("certificates_api", __name__, url_prefix="/api/v1", description="Certificates of signing keys")

Body = dict[str, Any]


@bp.route("/certificates/challenge")
class Challenge(MethodView):
    @bp.response(200, schemas.ChallengeOut)
    def get(self) -> Body:
        """A nonce over which the holder proves to have the key."""
        return {"nonce": certificates.challenge(current_actor(), clock.now())}


@bp.route("/certificates")
class Certificates(MethodView):
    @bp.arguments(schemas.PossessionIn)
    @bp.response(201, schemas.CertificateOut)
    def post(self, possession: certificates.Possession) -> Certificate:
        """Certify a key of one's own; it counts after the confirmation."""
        return certificates.issue(current_actor(), possession, clock.now())

    @bp.response(200, schemas.CertificateOut(many=True))
    def get(self) -> list[Certificate]:
        """The own certificates; who signs for the organization sees all of its."""
        return certificates.certificates_of(current_actor())


@bp.route("/certificates/outside")
class OutsideCertificates(MethodView):
    @bp.arguments(schemas.OutsideIn)
    @bp.response(201, schemas.CertificateOut)
    def post(self, body: Body) -> Certificate:
        """Register a certificate of a trusted outside CA."""
        return certificates.register_outside(current_actor(), body["chain"], body["possession"], clock.now())


@bp.route("/certificates/<serial>/confirm")
class CertificateConfirmation(MethodView):
    @bp.arguments(schemas.NothingIn)
    @bp.response(200, schemas.CertificateOut)
    def post(self, body: Body, serial: str) -> Certificate:  # noqa: ARG002  an empty object
        """The key file was loaded back and opened: the certificate counts from now on."""
        return certificates.confirm(current_actor(), serial, clock.now())


@bp.route("/certificates/<serial>/countersign")
class Countersignature(MethodView):
    @bp.arguments(schemas.CountersignIn)
    @bp.response(200, schemas.CertificateOut)
    def post(self, body: Body, serial: str) -> Certificate:
        """Admit a platform certificate to real tenders, as MGR."""
        signed = Signed(body["file"], body["sig"])
        return countersigning.countersign(current_actor(), serial, signed, body["cert"], clock.now())


@bp.route("/certificates/<serial>")
class OneCertificate(MethodView):
    @bp.response(204)
    def delete(self, serial: str) -> None:
        """Revoke a certificate: the holder, whoever signs for the organization, or MGR."""
        certificates.revoke(current_actor(), serial, clock.now())
