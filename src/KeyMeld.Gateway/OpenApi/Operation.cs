// OpenAPI 3.1.1, "Operation Object".
using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;

namespace KeyMeld.Gateway.OpenApi;

/// <summary>
/// What docs/api/openapi.json says of one call. It stands beside the handler and hangs on the route as metadata; the tests write the document from the routes, compare it with what is committed and served,
/// and hold every answer of the gateway against it.
/// </summary>
/// <param name="Id">The operationId, unique.</param>
/// <param name="Tag">One of <see cref="Tags"/>.</param>
/// <param name="Summary">A few words.</param>
internal sealed record Operation(string Id, string Tag, string Summary)
{
    public const string EventStreams = "text/event-stream";

    /// <summary>What it does, for whom, and what a caller should know; CommonMark.</summary>
    public required string Description { get; init; }

    public Access Access { get; init; }

    /// <summary>Those of path and query.</summary>
    public ImmutableArray<Parameter> Parameters { get; init; } = [];

    /// <summary>Null: the call has no body.</summary>
    public Body? Body { get; init; }

    /// <summary>Whether <c>Prefer: wait=N</c> holds the answer back.</summary>
    public bool Waits { get; init; }

    /// <summary>The answers that are no problem.</summary>
    public required ImmutableArray<Reply> Replies { get; init; }

    /// <summary>Whether a read names what it answers, so that it need not be sent again.</summary>
    public bool HasETag { get; init; } = true;

    /// <summary>Whether the answer is a stream of events.</summary>
    public bool IsStream => Replies.Any(reply => reply.MediaType == EventStreams);

    /// <summary>The codes of <see cref="Protocol.Errors.ErrorCodes"/> it may answer beside those that follow from the rest of this record (<see cref="Refusals.Of"/>).</summary>
    public ImmutableArray<string> Errors { get; init; } = [];
}

/// <param name="Type">The contract it is read by.</param>
/// <param name="MostBytes">Larger ones are refused.</param>
internal sealed record Body(JsonTypeInfo Type, int MostBytes);

/// <param name="Description">When this is the answer.</param>
/// <param name="Type">The contract it is written by; null for what is no JSON of a contract.</param>
internal sealed record Reply(int Status, string Description, JsonTypeInfo? Type = null, string MediaType = "application/json")
{
    public static Reply Ok(JsonTypeInfo type, string description = "As asked for.") => new(StatusCodes.Status200OK, description, type);

    public static Reply Created(JsonTypeInfo type, string description) => new(StatusCodes.Status201Created, description, type);

    /// <summary>A stream of states.</summary>
    public static Reply Events() => new(
        StatusCodes.Status200OK, "Server-sent events named `state`; the data of each is a `StateEvent`. The stream ends after the final state. A comment line comes every 15 s of silence.", null, Operation.EventStreams);
}

/// <param name="In">path, query or header.</param>
/// <param name="Schema">One of the document's component schemas.</param>
internal sealed record Parameter(string Name, string In, string Schema, string Description)
{
    public static readonly Parameter Group = Path("group", "Hash32", "The manifest hash, which names the group.");
    public static readonly Parameter Request = Path("request", "Hash32", "The request digest D, which names the signing.");
    public static readonly Parameter Key = Path("id", "Hash32", "SHA-256 of the key statement.");
    public static readonly Parameter Enclave = Path("id", "EnclaveNumber", "The enclave's number in the gateway's configuration.");

    private static Parameter Path(string name, string schema, string description) => new(name, "path", schema, description);
}
