using System.Text.Json.Nodes;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>The schemas everything else is made of (protocol.md section 9: lower-case hex, base64 with padding).</summary>
internal static class Primitives
{
    public const string Base64Pattern = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

    public static Dictionary<string, JsonNode> All() => new()
    {
        ["Hash32"] = Hex(32, "A 32-byte hash or id in lower-case hex."),
        ["Id16"] = Hex(16, "A 16-byte id in lower-case hex."),
        ["PublicKey"] = Hex(33, "A compressed secp256k1 public key in lower-case hex.", "^0[23][0-9a-f]{64}$"),
        ["XOnlyPublicKey"] = Hex(32, "An x-only secp256k1 public key (BIP-340) in lower-case hex."),
        ["Signature"] = Hex(64, "A BIP-340 signature in lower-case hex."),
        ["Blob"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "Bytes in standard base64 with padding.",
            ["contentEncoding"] = "base64",
            ["pattern"] = Base64Pattern,
        },
        ["EnclaveNumber"] = new JsonObject { ["type"] = "integer", ["format"] = "int32", ["description"] = "In decimal, without leading zeros.", ["minimum"] = 0, ["maximum"] = int.MaxValue },
        ["KeyChangeName"] = new JsonObject { ["type"] = "string", ["enum"] = new JsonArray("genesis", "rotate", "rewrap") },
        ["ErrorCode"] = new JsonObject
        {
            ["type"] = "string",
            ["description"] = "A stable code; the list only ever grows. Which ones a call answers stands with its responses; the others are those of a signing's or group's failure and of the SDK. "
                + "`x-error-codes` has the HTTP status of each, whether the same call may succeed later, and what to do.",
            ["enum"] = new JsonArray([.. ErrorCodes.All.Select(entry => entry.Code).Order(StringComparer.Ordinal).Select(code => JsonValue.Create(code))]),
            ["x-error-codes"] = new JsonObject(ErrorCodes.All.OrderBy(entry => entry.Code, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Code, (JsonNode?)new JsonObject
            {
                ["status"] = entry.Status,
                ["retryable"] = entry.Retryable,
                ["action"] = entry.Action,
            }))),
        },
    };

    private static JsonObject Hex(int bytes, string description, string? pattern = null) => new()
    {
        ["type"] = "string",
        ["description"] = description,
        ["pattern"] = pattern ?? $"^[0-9a-f]{{{2 * bytes}}}$",
        ["minLength"] = 2 * bytes,
        ["maxLength"] = 2 * bytes,
    };
}
