using System.Reflection;
using System.Text.Json.Nodes;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>What the types of the contracts do not say: sizes, words and ranges of single members.</summary>
internal static class Facets
{
    private static readonly string[] GroupStates = [.. Enum.GetValues<GroupState>().Select(StateWords.Word)];
    private static readonly string[] SigningStates = [.. Enum.GetValues<SigningState>().Select(StateWords.Word)];
    private static readonly string[] EnclaveStates = ["ready", "locked", "unreachable"];

    private static readonly Dictionary<(Type, string), Func<JsonObject, JsonObject>> All = new()
    {
        [(typeof(SignedJson), nameof(SignedJson.Statement))] = Bytes(Limits.StatementBytes),
        [(typeof(SignedJson), nameof(SignedJson.Signatures))] = Count(1, 2),
        [(typeof(KeygenRequestJson), nameof(KeygenRequestJson.Terms))] = Bytes(Limits.TermsBytes + 64),
        [(typeof(KeygenRequestJson), nameof(KeygenRequestJson.SessionSecrets))] = schema => Count(1, Limits.Enclaves)(Items(Bytes(256))(schema)),
        [(typeof(KeygenCreatedJson), nameof(KeygenCreatedJson.State))] = Words(GroupStates),
        [(typeof(KeygenJson), nameof(KeygenJson.State))] = Words(GroupStates),
        [(typeof(KeygenJson), nameof(KeygenJson.Registrations))] = Count(0, Limits.Participants),
        [(typeof(KeygenJson), nameof(KeygenJson.Receipts))] = Count(0, Limits.Enclaves),
        [(typeof(KeygenJson), nameof(KeygenJson.Error))] = Code,
        [(typeof(RegistrationRequestJson), nameof(RegistrationRequestJson.Envelope))] = Bytes(256),
        [(typeof(StateJson), nameof(StateJson.State))] = Words([.. GroupStates.Union(SigningStates)]),
        [(typeof(StateEventJson), nameof(StateEventJson.State))] = Words([.. GroupStates.Union(SigningStates)]),
        [(typeof(StateEventJson), nameof(StateEventJson.Error))] = Code,
        [(typeof(MakeKeyRequestJson), nameof(MakeKeyRequestJson.B))] = Bytes(1024),
        [(typeof(MakeKeyRequestJson), nameof(MakeKeyRequestJson.Sealed))] = Bytes(256),
        [(typeof(KeyRequestJson), nameof(KeyRequestJson.Sealed))] = Bytes(256),
        [(typeof(SingleSignRequestJson), nameof(SingleSignRequestJson.Sealed))] = Bytes(1024),
        [(typeof(SigningPostJson), nameof(SigningPostJson.Items))] = Bytes(Limits.FrameBytes),
        [(typeof(SigningPostedJson), nameof(SigningPostedJson.State))] = Words(SigningStates),
        [(typeof(SigningJson), nameof(SigningJson.State))] = Words(SigningStates),
        [(typeof(SigningJson), nameof(SigningJson.Error))] = Code,
        [(typeof(RoundsJson), nameof(RoundsJson.State))] = Words(SigningStates),
        [(typeof(RoundsJson), nameof(RoundsJson.Round))] = Words([RoundsJson.First, RoundsJson.Second]),
        [(typeof(RoundBlobJson), nameof(RoundBlobJson.Attempt))] = schema => With(schema, "minimum", 1),
        [(typeof(RoundBlobJson), nameof(RoundBlobJson.Node))] = Count(2, 2),
        [(typeof(RoundBlobJson), nameof(RoundBlobJson.Blob))] = Bytes(Limits.FrameBytes),
        [(typeof(EnclaveJson), nameof(EnclaveJson.State))] = Words(EnclaveStates),
        [(typeof(EnclaveJson), nameof(EnclaveJson.Reason))] = Code,
        [(typeof(EnclaveJson), nameof(EnclaveJson.Mode))] = Words(["production", "development"]),
        [(typeof(EnclaveHealthJson), nameof(EnclaveHealthJson.State))] = Words(EnclaveStates),
        [(typeof(EnclaveHealthJson), nameof(EnclaveHealthJson.Reason))] = Code,
        [(typeof(HealthJson), nameof(HealthJson.Status))] = Words(["live", "ready", "degraded"]),
        [(typeof(HealthDetailJson), nameof(HealthDetailJson.Status))] = Words(["ready", "degraded", "unavailable"]),
        [(typeof(KeyChangeJson), nameof(KeyChangeJson.State))] = Words(EnclaveStates),
        [(typeof(KeyChangeJson), nameof(KeyChangeJson.Reason))] = Code,
        [(typeof(ProblemJson), nameof(ProblemJson.Code))] = Code,
        [(typeof(ProblemJson), nameof(ProblemJson.Status))] = schema => With(With(schema, "minimum", 400), "maximum", 599),
    };

    public static JsonObject Apply(PropertyInfo property, JsonObject schema) => All.TryGetValue((property.DeclaringType!, property.Name), out var facet) ? facet(schema) : schema;

    private static JsonObject Code(JsonObject _) => ContractSchemas.Reference("ErrorCode");

    private static Func<JsonObject, JsonObject> Words(string[] words) => schema => With(schema, "enum", new JsonArray([.. words.Select(word => JsonValue.Create(word))]));

    private static Func<JsonObject, JsonObject> Count(int least, int most) => schema => With(With(schema, "minItems", least), "maxItems", most);

    /// <summary>A blob of at most so many bytes, before base64.</summary>
    private static Func<JsonObject, JsonObject> Bytes(int most) => schema => With(With(schema, "maxLength", (most + 2) / 3 * 4), "description", $"At most {most} bytes.");

    private static Func<JsonObject, JsonObject> Items(Func<JsonObject, JsonObject> facet) => schema => With(schema, "items", facet((JsonObject)schema["items"]!.DeepClone()));

    private static JsonObject With(JsonObject schema, string name, JsonNode value)
    {
        schema[name] = value;
        return schema;
    }
}
