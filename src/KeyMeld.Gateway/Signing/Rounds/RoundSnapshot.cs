using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using KeyMeld.Gateway.Storage;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>
/// Where rounds stand, as bytes for other gateways: enough to tell a member at home what is due and what becomes of its answer. All of it passed this gateway as it would any other: public nonces
/// and partial signatures in the group's session encryption.
/// </summary>
internal static class RoundSnapshot
{
    private const string Gathering = "gathering";
    private const string Queuing = "queuing";
    private const string Opening = "opening";
    private const string Signing = "signing";
    private const string Combining = "combining";
    private const string Other = "other";

    /// <summary>Null once the machine stands still.</summary>
    public static byte[]? Write(RoundState state)
    {
        var json = state switch
        {
            RoundState.Gathering gathering => new RoundSnapshotJson(Gathering, gathering.Attempt, Bytes(gathering.Round1), []),
            RoundState.Queuing queuing => new RoundSnapshotJson(Queuing, queuing.Attempt, Bytes(queuing.Round1), []),
            RoundState.Opening opening => new RoundSnapshotJson(Opening, opening.Attempt, Bytes(opening.Round1), []),
            RoundState.Signing signing => new RoundSnapshotJson(Signing, signing.Attempt, Bytes(signing.Round1), Bytes(signing.Round2)),
            RoundState.Combining combining => new RoundSnapshotJson(Combining, combining.Attempt, Bytes(combining.Round1), Bytes(combining.Round2)),
            _ when state.Number is { } attempt => new RoundSnapshotJson(Other, attempt, [], []),
            _ => null,
        };
        return json is null ? null : JsonSerializer.SerializeToUtf8Bytes(json, RoundSnapshotContext.Default.RoundSnapshotJson);
    }

    /// <exception cref="UnreadableRowException">It is something else.</exception>
    public static RoundState Read(byte[] bytes)
    {
        try
        {
            var json = JsonSerializer.Deserialize(bytes, RoundSnapshotContext.Default.RoundSnapshotJson)!;
            return json.State switch
            {
                Gathering => new RoundState.Gathering(json.Attempt, Slots(json.Round1)),
                Queuing => new RoundState.Queuing(json.Attempt, Slots(json.Round1)),
                Opening => new RoundState.Opening(json.Attempt, Slots(json.Round1)),
                Signing => new RoundState.Signing(json.Attempt, Slots(json.Round1).ToArray(), Slots(json.Round2)),
                Combining => new RoundState.Combining(json.Attempt, Slots(json.Round1).ToArray(), Slots(json.Round2).ToArray()),
                Other => new RoundState.Reserving(json.Attempt),
                _ => throw new UnreadableRowException($"'{json.State}' is no state of rounds."),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidProtocolBufferException or InvalidOperationException)
        {
            throw new UnreadableRowException("The rounds of a signing are not what this program writes.");
        }
    }

    private static IReadOnlyList<byte[]?> Bytes(Slots<RoundBlob> slots) => [.. Enumerable.Range(0, slots.Count).Select(place => slots[place]?.ToByteArray())];

    private static IReadOnlyList<byte[]?> Bytes(ImmutableArray<RoundBlob> blobs) => [.. blobs.Select(blob => blob.ToByteArray())];

    private static Slots<RoundBlob> Slots(IReadOnlyList<byte[]?> all)
    {
        var slots = Rounds.Slots<RoundBlob>.Empty(all.Count);
        for (var place = 0; place < all.Count; place++)
        {
            // The serializer writes nothing as no bytes; a blob always has some.
            slots = all[place] is { Length: > 0 } bytes ? slots.With(place, RoundBlob.Parser.ParseFrom(bytes)) : slots;
        }
        return slots;
    }
}

/// <param name="Round1">A round blob for each node as it is on the wire; null where it is still to come.</param>
internal sealed record RoundSnapshotJson(string State, int Attempt, IReadOnlyList<byte[]?> Round1, IReadOnlyList<byte[]?> Round2);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RoundSnapshotJson))]
internal sealed partial class RoundSnapshotContext : JsonSerializerContext;
