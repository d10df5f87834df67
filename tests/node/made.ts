// Never run: what the scripts are, as the compiler reads them, fits what connect.d.ts says.
import type * as declared from "../../src/portalkey/web/static/connect.js";
import { de } from "../../src/portalkey/web/static/strings-de.js";
import { strings } from "../../src/portalkey/web/static/strings.js";
import { connect, follow } from "../../src/portalkey/web/static/wait.js";

const made: typeof declared.connect = connect;
// It annotates nothing, so all that it takes is read as required; what it gives back is known.
declare const followed: ReturnType<typeof follow>;
const waited: declared.Pending = followed;
const spoken: (typeof declared.strings)["en"] = strings.en;

// Not one more and not one less than is declared: what has a string has a name.
type Named<T> = keyof { [K in keyof T as string extends K ? never : K]: T[K] };
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Codes = Extract<keyof typeof strings.en, `failed:${string}`>;
const same: Same<Named<typeof strings.en>, Exclude<Named<declared.Strings>, `failed:${string}`> | Codes> = true;
const german: Same<keyof typeof de, keyof typeof strings.en> = true;

void [made, waited, spoken, same, german];
