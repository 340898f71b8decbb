using System.Net;
using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Specifications.Groups;

/// <summary>One group at a real gateway, acted on as <see cref="GroupSpec"/> says: over HTTP, with its SQLite database.</summary>
internal sealed class RealGroup
{
    private static readonly TimeSpan Joining = TimeSpan.FromHours(1);

    private readonly TestGateway _gateway;
    private readonly SteppedTime _time;
    private readonly TestGroup _group;
    private readonly Signed<Registration>[] _others;
    private readonly HashSet<Hash32> _refused;

    /// <summary>A group nobody has heard of yet, at a gateway whose enclaves were prepared with <see cref="Prepare"/> and <paramref name="refused"/>.</summary>
    public RealGroup(TestGateway gateway, SteppedTime time, HashSet<Hash32> refused)
    {
        (_gateway, _time, _refused) = (gateway, time, refused);
        var joinBy = (time.GetUtcNow() + Joining).ToUnixTimeMilliseconds();
        _group = TestGroup.Make(gateway, members: 2, manifest => manifest with { JoinBy = joinBy });
        _others = [.. GroupSpec.Places.Select(place => _group.Register(place))];
    }

    /// <summary>Makes an enclave refuse to load the groups of a set.</summary>
    public static void Prepare(FakeEnclave enclave, HashSet<Hash32> refused) => enclave.Before = (_, message) =>
        message is UntrustedBundle bundle && refused.Contains(StatementDigest.Of(StatementType.Manifest, bundle.Keygen.Manifest.Statement.Span))
            ? throw new KeyMeldException(ErrorCodes.RegistrationInvalid, "On purpose.")
            : Task.CompletedTask;

    /// <summary>Takes one step; null where answer and state are the model's.</summary>
    public async Task<string?> StepAsync(string action, int place, GroupModel before, GroupModel after)
    {
        var (expected, answer) = action switch
        {
            GroupSpec.Create => (before.AnswerCreate, Word(await _group.PostAsync())),
            GroupSpec.Join => (before.AnswerJoin(place), Word(await _group.JoinAsync(place, prefer: after.IsFinal ? "wait=30" : null))),
            GroupSpec.JoinRefused => (before.AnswerJoin(place, accepted: false), await JoinRefusedAsync(place)),
            GroupSpec.JoinOther => (before.AnswerOther, Word(await _group.JoinAsync(place, _others[place]))),
            GroupSpec.Erase => (before.AnswerErase, Word(await EraseAsync(null))),
            GroupSpec.EraseMember => (before.AnswerEraseMember(place), Word(await EraseAsync(place))),
            GroupSpec.Pass => (after.Word, await PassAsync(after)),
            GroupSpec.Restart => (after.Word, await RestartAsync()),
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
        if (expected != answer)
        {
            return $"answered {answer ?? "nothing"}, not {expected ?? "nothing"}";
        }
        return Compare(after);
    }

    private async Task<string?> JoinRefusedAsync(int place)
    {
        _refused.Add(_group.Hash);
        return Word(await _group.JoinAsync(place, prefer: "wait=30"));
    }

    // The same statement every time: erasing twice is one erasure.
    private Task<Answer> EraseAsync(int? place) => _gateway.PostAsync(
        _group.Path + "/erase",
        StatementSigner.Sign(
            new Erase { Manifest = _group.Hash, User = place is { } own ? _group.Manifest.Value.Participants[own].User : null, Created = 1 },
            place is { } signer ? _group.Auths[signer] : _group.Creator).Statement);

    private async Task<string?> PassAsync(GroupModel after)
    {
        _time.Step(Joining + TimeSpan.FromMinutes(1));
        if (after.Word is { } word)
        {
            await Eventually.TrueAsync(() => Stored()?.State.ToString().ToLowerInvariant() == word);
        }
        return Stored()?.State.ToString().ToLowerInvariant();
    }

    private async Task<string?> RestartAsync()
    {
        await _gateway.StopGatewayAsync();
        await _gateway.StartGatewayAsync();
        await _gateway.WhenReadyAsync();
        return Stored()?.State.ToString().ToLowerInvariant();
    }

    private KeyMeld.Gateway.Storage.GroupRecord? Stored() => _gateway.Parts.GroupStore.FindAsync(_group.Hash).AsTask().GetAwaiter().GetResult();

    private string? Compare(GroupModel model)
    {
        if (Stored() is not { } record)
        {
            return model.Phase == GroupPhase.Absent ? null : "the group is not stored";
        }
        var joined = record.Registrations.Aggregate(0, (bits, row) => bits | (1 << row.Participant));
        var envelopes = record.Registrations.Where(row => row.Envelope is not null).Aggregate(0, (bits, row) => bits | (1 << row.Participant));
        var real = (record.State.ToString(), joined, envelopes);
        return real == (model.Phase.ToString(), model.Joined, model.Envelopes) ? null : $"the database has {real}";
    }

    private static string? Word(Answer answer)
    {
        var json = JsonDocument.Parse(answer.Body).RootElement;
        return json.GetProperty(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created ? "state" : "code").GetString();
    }
}
