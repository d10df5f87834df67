"""With social-auth-app-django: ``python -m old_apps.social_auth_app URL``, people on stdin."""

from old_apps.django_site import people_of_site

people = people_of_site(["social_django"])

# Models can be imported once the site is set up.
from django.contrib.auth.models import User  # noqa: E402
from social_django.models import UserSocialAuth  # noqa: E402


def main() -> None:
    """Keep each token as the library does after its callback."""
    ids = [each["user_id"] for each in people]
    User.objects.bulk_create([User(id=each, username=f"user {each}") for each in ids])
    # Somebody else's login must not be taken for HubSpot's.
    other = {"access_token": "gho", "refresh_token": "not HubSpot's"}
    UserSocialAuth.objects.create(user_id=ids[0], provider="github", uid="1", extra_data=other)
    UserSocialAuth.objects.bulk_create(
        [
            UserSocialAuth(
                user_id=each["user_id"],
                provider="hubspot",
                uid=f"{each['hub_id']}:{each['hub_user_id']}",
                extra_data={
                    "auth_time": 1790000000,
                    "hub_id": each["hub_id"],
                    "user_id": each["hub_user_id"],
                    "refresh_token": each["refresh_token"],
                    "access_token": each["access_token"],
                    "expires": 1800,
                    "token_type": "bearer",
                },
            )
            for each in people
        ]
    )


main()
