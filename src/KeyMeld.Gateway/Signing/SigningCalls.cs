using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>Makes the calls of one signing at the enclaves, and looks whether an answer is one to the question.</summary>
internal sealed class SigningCalls(SigningJob job, EnclaveFleet fleet, TimeProvider time)
{
    private static readonly TimeSpan s_longestBeforeOpen = TimeSpan.FromMilliseconds(250);

    /// <exception cref="KeyMeldException">The enclave refused, does not answer, or answered something else.</exception>
    public async Task<RoundBlob> MakeAsync(RoundCall call, RoundState state, CancellationToken cancellationToken)
    {
        if (call.Try > 0)
        {
            await Task.Delay(Pause(call), time, cancellationToken);
        }
        return (call, state) switch
        {
            (RoundCall.Open open, _) =>
                Check(call, job.Nodes[open.Node], await LinkOf(job.Nodes[open.Node]).RequireReady().OpenAsync(job.Open(open), cancellationToken)),
            (RoundCall.Sign sign, RoundState.Signing signing) =>
                Check(call, job.Nodes[sign.Node], await LinkOf(job.Nodes[sign.Node]).RequireReady().SignAsync(job.Sign(sign, signing.Round1), cancellationToken)),
            (RoundCall.Combine combine, RoundState.Combining combining) => await CombineAsync(combine, combining, cancellationToken),
            _ => throw new InvalidOperationException($"{call} in {state}"),
        };
    }

    /// <summary>Before a call is repeated. An enclave that has too many of the group's requests open lets go of one within milliseconds: who looks seldom is always late.</summary>
    public static TimeSpan Pause(RoundCall call) => Backoff.After(call.Try) is var pause && call is RoundCall.Open && pause > s_longestBeforeOpen ? s_longestBeforeOpen : pause;

    /// <summary>Returns once every node was looked at again and is ready.</summary>
    public Task WhenNodesReadyAsync(CancellationToken cancellationToken) => Task.WhenAll(job.Nodes.Select(node => LinkOf(node).WhenReadyAgainAsync(cancellationToken)));

    /// <summary>Lets the nodes wipe what they hold of this signing. Only a courtesy: nonces that nobody asks for again are worth nothing.</summary>
    public async Task ForgetAsync(CancellationToken cancellationToken)
    {
        foreach (var link in job.Nodes.Select(LinkOf).Where(link => link.View.IsReady))
        {
            try
            {
                await link.Calls.ForgetAsync(job.Forget(), cancellationToken);
            }
            catch (KeyMeldException)
            {
                // It wipes them itself when a higher attempt comes or the request is over.
            }
        }
    }

    private async Task<RoundBlob> CombineAsync(RoundCall.Combine call, RoundState.Combining combining, CancellationToken cancellationToken)
    {
        var enclave = await PickAsync(combining, cancellationToken);
        return Check(call, null, await LinkOf(enclave).RequireReady().CombineAsync(job.Combine(call, enclave, combining.Round1, combining.Round2), cancellationToken));
    }

    // Of the signers' own enclaves the one with the least to do; where that is equal, the one that signed most (it has every session at hand where it signed every item), and where that is equal too,
    // signings spread by their hash. Enclaves that host no signer take no part, unless nobody signs in an enclave.
    private async Task<int> PickAsync(RoundState.Combining combining, CancellationToken cancellationToken)
    {
        IReadOnlyList<int> among = job.Nodes.Length > 0 ? job.Nodes : [.. Enumerable.Range(0, job.Group.Manifest.Value.Enclaves.Count)];
        var first = job.Request.Bytes[0] % among.Count;
        var ready = Enumerable.Range(0, among.Count).Select(step => among[(first + step) % among.Count]).Where(enclave => LinkOf(enclave).View.IsReady).ToList();
        if (ready.Count > 0)
        {
            return Best(ready, enclave => LinkOf(enclave).Calls.InFlight, enclave => SignedBy(combining, enclave));
        }
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waits = among.Select(enclave => LinkOf(enclave).WhenReadyAsync(enough.Token)).ToList();
        var index = waits.IndexOf(await Task.WhenAny(waits));
        await enough.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return among[index];
    }

    internal static int Best(IEnumerable<int> ready, Func<int, int> inFlight, Func<int, int> signed) => ready.MinBy(enclave => (inFlight(enclave), -signed(enclave)));

    // What a node's partial signatures take, encrypted: as many bytes for each.
    private int SignedBy(RoundState.Combining combining, int enclave) => job.Nodes.IndexOf(enclave) is var node and >= 0 ? combining.Round2[node].Blob.Length : 0;

    private EnclaveLink LinkOf(int enclave) => fleet.Get(job.NumberOf(enclave));

    private RoundBlob Check(RoundCall call, int? node, RoundBlob blob)
    {
        var fits = blob.Attempt == call.Attempt && blob.NodeKind == 0 && blob.Boot.Length == 16 && blob.Signature.Length == 64
            && blob.Tau.Length == (call is RoundCall.Open ? 0 : 32) && (node is { } index ? blob.NodeIndex == index : blob.NodeIndex < job.Group.Manifest.Value.Enclaves.Count);
        return fits ? blob : throw new KeyMeldException(ErrorCodes.RoundBlobInvalid, "An enclave answered with a round blob of something else.");
    }
}
