using KeyMeld.Cli.Profiles;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Load;

/// <summary>What a load signs with.</summary>
/// <param name="Groups">How many unattended groups are formed.</param>
/// <param name="Members">Of each.</param>
/// <param name="Keys">How many keys of one owner are made; where there are any, they sign in place of groups.</param>
/// <param name="Items">Things to sign in one signing of a group.</param>
internal sealed record LoadShape(int Groups, int Members, int Keys, int Items)
{
    public override string ToString() => Keys > 0
        ? FormattableString.Invariant($"{Keys} keys of one owner")
        : FormattableString.Invariant($"{Groups} groups, {Members} of {Members}, {Items} {(Items == 1 ? "item" : "items")}");
}

/// <summary>The requester of a load: online all the time, with groups or keys to sign with.</summary>
internal sealed class LoadStage : IAsyncDisposable
{
    // An enclave remembers a request until it has expired; nobody waits for one of a load that long.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private const int MadeTogether = 256;
    private const int MostReady = 2 * MadeTogether;
    private static readonly JoinOptions Join = new() { AcceptUnattended = true, Approval = false };

    private readonly Session _session;
    private readonly Stock<LoadShot> _stock;

    private LoadStage(Session session, Func<CancellationToken, Task<IReadOnlyList<LoadShot>>> prepare) =>
        (_session, _stock) = (session, new Stock<LoadShot>(MostReady, Fresh, prepare, TimeProvider.System));

    /// <summary>Forms the groups, or makes the keys.</summary>
    /// <param name="party">Its first is the requester.</param>
    /// <param name="shape">What to sign with.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static async Task<LoadStage> SetUpAsync(Party party, LoadShape shape, CancellationToken cancellationToken)
    {
        var groups = shape.Keys > 0 ? [] : await FormAsync(party, shape.Groups, cancellationToken);
        var session = party.Alice.Open();
        try
        {
            return shape.Keys > 0
                ? WithKeys(session, await MakeKeysAsync(session.Client, shape.Keys, cancellationToken))
                : WithGroups(session, groups, shape.Items);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Forms unattended groups of all of the party.</summary>
    public static async Task<IReadOnlyList<Hash32>> FormAsync(Party party, int count, CancellationToken cancellationToken)
    {
        List<Hash32> groups = [];
        for (var group = 0; group < count; group++)
        {
            var label = FormattableString.Invariant($"load {group}");
            var id = await party.FormAsync(people => new GroupPlan { Label = label, Participants = people, Unattended = true }, Join, cancellationToken);
            await party.VerifyAsync(id, cancellationToken);
            groups.Add(id);
        }
        return groups;
    }

    /// <summary>Uses groups that are there.</summary>
    /// <param name="session">The requester's; taken over.</param>
    /// <param name="groups">Their ids.</param>
    /// <param name="items">Things to sign in one signing.</param>
    public static LoadStage WithGroups(Session session, IReadOnlyList<Hash32> groups, int items)
    {
        var shots = new GroupShots(session.Client, [.. groups.Select(session.Client.Groups.Load)], items, Batch(items), Lifetime);
        return new LoadStage(session, shots.PrepareAsync);
    }

    /// <summary>The next signing.</summary>
    public ValueTask<LoadShot> NextAsync(CancellationToken cancellationToken) => _stock.TakeAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stock.DisposeAsync();
        _session.Dispose();
    }

    private static LoadStage WithKeys(Session session, IReadOnlyList<OwnedKey> keys)
    {
        var shots = new KeyShots(session.Client, keys, Batch(keys.Count), Lifetime);
        return new LoadStage(session, shots.PrepareAsync);
    }

    private static async Task<IReadOnlyList<OwnedKey>> MakeKeysAsync(KeyMeldClient client, int count, CancellationToken cancellationToken)
    {
        List<OwnedKey> keys = [];
        for (var key = 0; key < count; key++)
        {
            keys.Add(await client.Keys.MakeAsync(cancellationToken: cancellationToken));
        }
        return keys;
    }

    // As many at a time as weigh about the same, whatever they are.
    private static int Batch(int weight) => Math.Max(1, MadeTogether / weight);
}
