import { createRoot } from "react-dom/client";
import { ConnectHubSpot } from "./ConnectHubSpot.jsx";

createRoot(document.getElementById("hubspot")).render(<ConnectHubSpot />);
