using System.Text.Json.Nodes;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>What all calls of the document have in common.</summary>
internal static class DocumentFrame
{
    public static JsonObject Info() => new()
    {
        ["title"] = "KeyMeld gateway",
        ["version"] = "1",
        ["summary"] = "Group and single-owner Bitcoin signing with keys in the clear only inside attested enclaves.",
        ["description"] = """
            The gateway stores, schedules and hands on; it holds no key and is trusted for nothing but its being there. What clients post is encrypted for enclaves or for the members of a group and signed by its author;
            what they get back they verify. The bytes of statements, sealed blobs and identities are those of the protocol (deterministic CBOR, HPKE); this document describes the HTTP around them.

            - JSON with members in snake case. Keys, hashes, ids and signatures in lower-case hex, blobs in standard base64 with padding; anything else is `bad_request`. Requests with unknown, repeated or missing
              members are refused; answers may grow members.
            - Times are Unix milliseconds.
            - Calls that change something carry their authority in a signed statement, and posting the same statement again changes nothing and answers the same resource.
            - Errors are RFC 9457 problem details, `application/problem+json`, with a stable `code`. What is absent and what is not the caller's are answered alike, with 404.
            - Every answer has an `X-Request-Id`: the caller's own, where it sent one of at most 64 letters, digits, dots, dashes or underscores, else one of the gateway's. Problems name it in `instance`, the log in its lines.
            - Reads have a strong `ETag`; with `If-None-Match` what did not change is answered 304 without a body, to those who may read it. HEAD is answered as GET without its body (an `Authorization` is then signed for
              HEAD), OPTIONS with 204 and `Allow`. Only public documents are compressed.
            - Paths and queries are taken as they are written here: lower case, nothing percent-encoded, no other query.
            """,
        ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
    };

    public static JsonObject Parameters() => new()
    {
        ["Prefer"] = new JsonObject
        {
            ["name"] = "Prefer",
            ["in"] = "header",
            ["required"] = false,
            ["description"] = $"`wait=N` (RFC 7240) holds the answer back until the state is final, for at most N seconds, N <= {PreferWait.MaximumSeconds}. What is not understood is ignored.",
            ["schema"] = new JsonObject { ["type"] = "string" },
            ["example"] = "wait=30",
        },
        ["IfNoneMatch"] = new JsonObject
        {
            ["name"] = "If-None-Match",
            ["in"] = "header",
            ["required"] = false,
            ["description"] = "The `ETag` of what the caller has: unchanged is answered with 304.",
            ["schema"] = new JsonObject { ["type"] = "string" },
        },
        ["LastEventId"] = new JsonObject
        {
            ["name"] = "Last-Event-ID",
            ["in"] = "header",
            ["required"] = false,
            ["description"] = "The `id` of the last event the caller has; it is not told that one again.",
            ["schema"] = new JsonObject { ["type"] = "string" },
            ["example"] = "running-1",
        },
    };

    public static JsonObject Headers() => new()
    {
        ["RequestId"] = Header("The id of this call, for whoever reads the gateway's log.", "^[A-Za-z0-9._-]{1,64}$"),
        ["ETag"] = Header("Names this very content.", "^\"[0-9a-f]{32}(-[a-z]+)?\"$"),
        ["PreferenceApplied"] = Header("The wait that was granted, where `Prefer` asked for one.", "^wait=[0-9]+$"),
        ["RetryAfter"] = Header("Seconds to wait before the call is repeated.", "^[0-9]+$"),
        ["WwwAuthenticate"] = Header("The scheme that the call has to be authorised by.", "^(KeyMeld|Bearer)$"),
    };

    public static JsonObject SecuritySchemes() => new()
    {
        ["KeyMeld"] = new JsonObject
        {
            ["type"] = "apiKey",
            ["in"] = "header",
            ["name"] = "Authorization",
            ["description"] = "`KeyMeld key=<64 hex>,ts=<decimal>,nonce=<32 hex>,sig=<128 hex>`, exactly so: a BIP-340 signature by `key` over the tagged hash `KeyMeld/v1/http` of CBOR [method, authority, target as sent, SHA-256 of "
                + "the body, ts, nonce]. `authority` is the host, with its port unless it is the scheme's default, of the gateway's public URL; `ts` is Unix milliseconds within 60 s of the gateway's clock; `nonce` is 16 bytes used once.",
        },
        ["Operator"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "The operator's token, of which the gateway's configuration has the SHA-256. On the operator's own listener, and in development from the same machine, calls need none." },
    };

    public static JsonArray SecurityOf(Access access) => access switch
    {
        Access.Everybody or Access.Statement => [],
        Access.StatementOrReader => new JsonArray(new JsonObject(), Requirement("KeyMeld")),
        Access.Reader => new JsonArray(Requirement("KeyMeld")),
        Access.Operator => new JsonArray(Requirement("Operator")),
        _ => throw new ArgumentOutOfRangeException(nameof(access)),
    };

    public static JsonObject HeadersOf(Operation operation, bool isRead)
    {
        var headers = new JsonObject { ["X-Request-Id"] = Header("RequestId") };
        if (operation.Waits)
        {
            headers["Preference-Applied"] = Header("PreferenceApplied");
        }
        if (isRead && !operation.IsStream)
        {
            headers["ETag"] = Header("ETag");
        }
        return headers;
    }

    public static JsonObject HeadersOf(int status)
    {
        var headers = new JsonObject { ["X-Request-Id"] = Header("RequestId") };
        if (status is 429 or 503)
        {
            headers["Retry-After"] = Header("RetryAfter");
        }
        if (status == 401)
        {
            headers["WWW-Authenticate"] = Header("WwwAuthenticate");
        }
        return headers;
    }

    private static JsonObject Requirement(string scheme) => new() { [scheme] = new JsonArray() };

    private static JsonObject Header(string component) => new() { ["$ref"] = "#/components/headers/" + component };

    private static JsonObject Header(string description, string pattern) => new() { ["description"] = description, ["schema"] = new JsonObject { ["type"] = "string", ["pattern"] = pattern } };
}
