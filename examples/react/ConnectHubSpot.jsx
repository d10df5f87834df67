import { useEffect, useState } from "react";

/** The accounts that are connected, and the button that connects one. */
export function ConnectHubSpot() {
  const [hubspot, setHubspot] = useState(null);

  const ask = () => fetch("/api/hubspot/status").then((answer) => answer.json()).then(setHubspot);
  useEffect(() => void ask(), []);

  if (!hubspot) return <p>One moment…</p>;
  return (
    <>
      {hubspot.connections.map(({ id, hub_id, hub_domain }) => <p key={id}>Your account: {hub_domain ?? hub_id}</p>)}
      {/* Once the account is named above, the link is there again, for another one. */}
      <hubspot-connect onhubspot-connect={({ currentTarget }) => ask().then(() => (currentTarget.dataset.state = "idle"))}>
        <a className="pk-button" href={hubspot.connect_url}>
          {hubspot.authenticated ? "Connect another account" : "Connect to HubSpot"}
        </a>
      </hubspot-connect>
    </>
  );
}
