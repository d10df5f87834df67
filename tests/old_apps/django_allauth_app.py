"""A site with django-allauth: ``python -m old_apps.django_allauth_app URL``, people on stdin."""

from datetime import UTC, datetime

from old_apps.django_site import people_of_site

people = people_of_site(
    [
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.hubspot",
    ]
)

# Models can be imported once the site is set up.
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402


def main() -> None:
    """Keep each token as the library does after its callback."""
    app = SocialApp.objects.create(provider="hubspot", name="HubSpot", client_id="old")
    ids = [each["user_id"] for each in people]
    User.objects.bulk_create([User(id=each, username=f"user {each}") for each in ids])
    accounts = [
        SocialAccount(
            user_id=each["user_id"],
            provider="hubspot",
            uid=str(each["hub_user_id"]),
            extra_data={"hub_id": each["hub_id"], "user_id": each["hub_user_id"]},
        )
        for each in people
    ]
    # Somebody else's login must not be taken for HubSpot's.
    other = SocialAccount.objects.create(user_id=ids[0], provider="github", uid="1")
    SocialToken.objects.create(account=other, token="gho", token_secret="not HubSpot's")
    SocialAccount.objects.bulk_create(accounts)
    kept = SocialAccount.objects.filter(provider="hubspot").order_by("id")
    SocialToken.objects.bulk_create(
        [
            SocialToken(
                app=app,
                account=account,
                token=each["access_token"],
                token_secret=each["refresh_token"] or "",
                expires_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            for account, each in zip(kept, people, strict=True)
        ]
    )


main()
