"""`kaibiao bootstrap`, `kaibiao login`, `kaibiao key`: the first manager, a token for the other commands, a signing key.

Passwords and passphrases come from the environment or from a prompt, never from an argument that others could read.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from accounts import people, remote
from accounts.certificates import Possession, statement
from accounts.passwords import hashed
from kernel import clock, keys
from kernel import db as database
from kernel import site as sites
from kernel.db import db, transaction
from kernel.errors import Refusal
from kernel.settings import load
from sealing import keyfile
from sealing.cli_successor import successor_main

DONE, REFUSED, WRONG = 0, 1, 2


def bootstrap_main(argv: Sequence[str]) -> int:
    """Register the management office with its first person, who admits everybody else. Only while there is none."""
    args = _bootstrap_arguments().parse_args(argv)
    return _reported("kaibiao bootstrap", lambda: _bootstrap(args))


def login_main(argv: Sequence[str]) -> int:
    """Sign in and keep the token for the other commands."""
    args = _login_arguments().parse_args(argv)
    return _reported("kaibiao login", lambda: _login(args))


def key_main(argv: Sequence[str]) -> int:
    """`kaibiao key new`: make a signing key, have it certified, write the key file, load it back, and only then use it.

    `kaibiao key name-successor` names, offline, the certificate that may end this key's bids when it is lost.
    """
    if argv and argv[0] == "name-successor":
        return successor_main(argv[1:])
    args = _key_arguments().parse_args(argv)
    return _reported("kaibiao key new", lambda: _new_key(args))


def _bootstrap_arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao bootstrap", description=bootstrap_main.__doc__)
    parser.add_argument("--uscc", default=os.environ.get("KAIBIAO_MGR_USCC"), help="18-digit code of the office")
    parser.add_argument("--organization", default=os.environ.get("KAIBIAO_MGR_ORGANIZATION", "公共资源交易管理办公室"))
    parser.add_argument("--name", default=os.environ.get("KAIBIAO_MGR_NAME"), help="the person's name")
    parser.add_argument("--login", default=os.environ.get("KAIBIAO_MGR_LOGIN"), help="the person's sign-in name")
    return parser


def _login_arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao login", description=login_main.__doc__)
    parser.add_argument("url", help="address of the portal")
    parser.add_argument("--login", help="sign-in name")
    parser.add_argument("--token-file", type=Path, help=f"default: {remote.TOKEN_FILE}")
    return parser


def _key_arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kaibiao key", description=key_main.__doc__)
    parser.add_argument("what", choices=["new"], help="or name-successor, which has options of its own")
    parser.add_argument("--url", required=True, help="address of the portal")
    parser.add_argument("--token-file", type=Path, help="written by `kaibiao login`; otherwise KAIBIAO_TOKEN")
    parser.add_argument("--p256", action="store_true", help="P-256 instead of Ed25519")
    parser.add_argument("--work-factor", type=int, default=18, help="scrypt cost as a power of two")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="KEYFILE")
    return parser


@contextmanager
def installation() -> Iterator[None]:
    """Database and site of the settings in the environment, without the web application."""
    settings = load(os.environ)
    app = Flask("kaibiao")
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(settings.database)
    db.init_app(app)
    with app.app_context(), sites.used(sites.make(settings)):
        database.tune(db.engine)
        yield
        db.engine.dispose()


def _bootstrap(args: argparse.Namespace) -> None:
    login = args.login or _asked("登录名 / sign-in name: ")
    founder = people.Founder(
        uscc=args.uscc or _asked("统一社会信用代码 / unified social credit code: "),
        organization=args.organization,
        name=args.name or _asked("姓名 / name: "),
        login=login,
        password_hash=hashed(_secret("KAIBIAO_MGR_PASSWORD", "口令 / password: ", twice=True), login),
    )
    with installation(), transaction():
        people.found(founder, clock.now())
    _say(
        f"管理办公室已建立 / the management office stands: {login}\n登录后先启用动态口令 / sign in and enroll a one-time code first"
    )


def _login(args: argparse.Namespace) -> None:
    login = args.login or os.environ.get("KAIBIAO_LOGIN") or _asked("登录名 / sign-in name: ")
    body = {"login": login, "password": _secret("KAIBIAO_PASSWORD", "口令 / password: ")}
    with remote.Remote(args.url) as portal:
        try:
            opened = portal.post("sessions", {**body, "totp": _code_from_environment()})
        except remote.RefusedError as refused:
            if refused.answer.get("code") != "totp.needed":
                raise
            opened = portal.post("sessions", {**body, "totp": _asked("动态口令 / one-time code: ")})
    kept = remote.keep_token(args.token_file, opened["token"])
    _say(f"已登录 / signed in: {opened['person']['name']}  {kept}")


def _code_from_environment() -> str | None:
    secret = os.environ.get("KAIBIAO_TOTP_SECRET")
    return os.environ.get("KAIBIAO_TOTP") or (pyotp.TOTP(secret).at(clock.wall()) if secret else None)


def _new_key(args: argparse.Namespace) -> None:
    if args.out.exists():
        raise FileExistsError(f"{args.out}: 已存在 / exists already; a key is never written over")
    passphrase = _secret("KAIBIAO_PASSPHRASE", "新密钥文件的口令 / passphrase for the new key file: ", twice=True)
    key: keys.PrivateKey = ec.generate_private_key(ec.SECP256R1()) if args.p256 else keys.generate()
    with remote.Remote(args.url, remote.token(args.token_file)) as portal:
        me = portal.get("me")
        certified = portal.post("certificates", _possession(key, portal.get("certificates/challenge")["nonce"]))
        chain = tuple(keys.unb64(text) for text in certified["cert_chain"])
        made = keyfile.KeyFile(key, chain, me["organization"], me["name"], clock.rfc3339(clock.now()))
        _write(args.out, made.lock(passphrase, args.work_factor))
        _check_loads_back(args.out, passphrase, made)
        portal.post(f"certificates/{certified['serial']}/confirm", {})
    _say(f"密钥已启用 / the key counts: {args.out}  证书 / certificate {certified['serial']}")


def _possession(key: keys.PrivateKey, nonce: str) -> dict[str, str]:
    spelled = keys.spell(key.public_key())
    proof = keys.b64(keys.sign(statement(Possession(spelled, "", nonce)), key))
    return {"public_key": spelled, "proof": proof, "nonce": nonce}


def _write(path: Path, raw: bytes) -> None:
    """A new file for its owner alone; an existing key is never written over."""
    path.touch(0o600, exist_ok=False)
    path.write_bytes(raw)


def _check_loads_back(path: Path, passphrase: str, made: keyfile.KeyFile) -> None:
    found = keyfile.load(path.read_bytes(), passphrase)
    if found.encode() != made.encode():
        raise ValueError(f"{path}: 密钥文件读回不一致 / the key file does not read back as written")


def _asked(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _secret(variable: str, prompt: str, *, twice: bool = False) -> str:
    given = os.environ.get(variable)
    if given:
        return given
    secret = getpass.getpass(prompt)
    if twice and getpass.getpass("再输入一次 / again: ") != secret:
        raise ValueError("两次输入不同 / the two differ")
    return secret


def _reported(command: str, work: Callable[[], None]) -> int:
    """Run `work`; what people can mend is said in a sentence, not in a traceback."""
    try:
        work()
    except (Refusal, remote.RefusedError) as refused:
        said = f"{refused.words.zh} / {refused}" if isinstance(refused, Refusal) else str(refused)
        sys.stderr.write(f"{command}: {said}\n")
        return REFUSED
    except (OSError, ValueError, EOFError, httpx.HTTPError) as error:
        sys.stderr.write(f"{command}: {error}\n")
        return WRONG
    return DONE


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
