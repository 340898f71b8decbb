using System.Text;
using KeyMeld.Client;

namespace KeyMeld.Cli.Load;

/// <summary>Signings by unattended groups: one call each, every signature in it verified by the SDK against its own record of the group.</summary>
/// <param name="client">The requester's.</param>
/// <param name="groups">Who signs, in turn.</param>
/// <param name="items">How many things one signing signs.</param>
/// <param name="batch">How many signings are made together; the enclaves are verified once for all of them.</param>
/// <param name="lifetime">Of the requests.</param>
internal sealed class GroupShots(KeyMeldClient client, IReadOnlyList<Group> groups, int items, int batch, TimeSpan lifetime)
{
    private readonly RequestOptions _options = new() { Lifetime = lifetime, Recorded = false };
    private long _counter;

    public async Task<IReadOnlyList<LoadShot>> PrepareAsync(CancellationToken cancellationToken)
    {
        var asked = Enumerable.Range(0, batch).Select(index => (groups[index % groups.Count], Contents())).ToList();
        return [.. (await client.Signings.PrepareManyAsync(asked, _options, cancellationToken)).Select(ShotOf)];
    }

    private LoadShot ShotOf(PreparedRequest request) => new(items, async (patience, cancellationToken) =>
        (await client.Signings.SubmitAsync(request, patience, cancellationToken)).RequireSigned());

    private IReadOnlyList<SigningContent> Contents() =>
        [.. Enumerable.Range(0, items).Select(_ => SigningContent.FromBytes(Encoding.UTF8.GetBytes(FormattableString.Invariant($"load {Interlocked.Increment(ref _counter)}"))))];
}
