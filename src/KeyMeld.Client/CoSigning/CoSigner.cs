using System.Collections.Concurrent;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>
/// Signs with the member keys that this profile keeps at home (protocol.md section 6, "A home node"). It makes every check an enclave makes, before each round. Nonces are in
/// this object's memory only: after a restart the signing goes on with a new attempt. Safe for concurrent use; one for a profile at a time.
/// </summary>
public sealed class CoSigner : IDisposable
{
    private readonly GatewayTransport _transport;
    private readonly Profile _profile;
    private readonly GroupOperations _groups;
    private readonly TimeProvider _time;
    private readonly CoSignerOptions _options;
    private readonly ConcurrentDictionary<Hash32, Lazy<Task<HomeNode>>> _nodes = [];

    internal CoSigner(GatewayTransport transport, Profile profile, GroupOperations groups, TimeProvider time, CoSignerOptions options) =>
        (_transport, _profile, _groups, _time, _options) = (transport, profile, groups, time, options);

    /// <summary>Takes this profile's part in one signing, until that is final. Lost connections and a gateway that restarts are waited for.</summary>
    /// <param name="reference">Which signing.</param>
    /// <param name="cancellationToken">Stops; the nonces stay until <see cref="Dispose"/>.</param>
    /// <returns>The outcome, every signature verified.</returns>
    /// <exception cref="KeyMeldException">
    /// What does not hold, so that this key did not sign: <c>approvals_missing</c> (also: the owner did not decide to sign it), <c>rejected</c>, <c>expired</c>, <c>roster_mismatch</c>,
    /// <c>relay_fault</c>, <c>attempts_exhausted</c>, …; <c>not_found</c>: no such signing, or it asks nothing of a place of this profile.
    /// </exception>
    public async Task<SigningOutcome> SignAsync(SigningReference reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        var node = await NodeOfAsync(reference.Group, cancellationToken).ConfigureAwait(false);
        return await new HomeRounds(_transport, _profile, node, _time, _options, reference).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes part in every signing that this profile requests or approves, those of other processes of the profile included, until cancelled. What is refused is reported
    /// as an event and left alone.
    /// </summary>
    /// <param name="groups">Only signings of these groups; of all when null.</param>
    /// <param name="also">Signings to follow besides.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(IReadOnlyCollection<Hash32>? groups = null, IReadOnlyCollection<SigningReference>? also = null, CancellationToken cancellationToken = default)
    {
        var followed = new ConcurrentDictionary<Hash32, bool>();
        var running = new ConcurrentDictionary<Task, bool>();
        foreach (var reference in also ?? [])
        {
            Follow(reference);
        }
        try
        {
            using var inbox = new CoSignerInbox(_profile, _transport.Gateway, _time);
            while (true)
            {
                foreach (var reference in inbox.Due().Where(reference => groups is null || groups.Contains(reference.Group)))
                {
                    Follow(reference);
                }
                await inbox.ChangedAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            await Task.WhenAll(running.Keys).ConfigureAwait(false);
        }

        void Follow(SigningReference reference)
        {
            if (followed.TryAdd(reference.Request, true))
            {
                var task = FollowAsync(reference, () => followed.TryRemove(reference.Request, out _), cancellationToken);
                running.TryAdd(task, true);
                _ = task.ContinueWith(done => running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    /// <summary>Wipes the nonces that were not used.</summary>
    public void Dispose()
    {
        foreach (var node in _nodes.Values.Where(node => node.IsValueCreated && node.Value.IsCompletedSuccessfully))
        {
            node.Value.Result.Dispose();
        }
    }

    private async Task FollowAsync(SigningReference reference, Action undecided, CancellationToken cancellationToken)
    {
        try
        {
            await SignAsync(reference, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (KeyMeldException refusal)
        {
            if (refusal.Code == ErrorCodes.ApprovalsMissing)
            {
                // The owner may approve it yet, and then it comes back.
                undecided();
            }
            _options.OnEvent?.Invoke(new CoSignerEvent.Refused(reference, refusal.Code, refusal.Message));
        }
    }

    private async Task<HomeNode> NodeOfAsync(Hash32 group, CancellationToken cancellationToken)
    {
        var known = _nodes.GetOrAdd(group, id => new Lazy<Task<HomeNode>>(() => MakeAsync(id)));
        try
        {
            return await known.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KeyMeldException)
        {
            _nodes.TryRemove(new(group, known));
            throw;
        }
    }

    private async Task<HomeNode> MakeAsync(Hash32 group)
    {
        var isVerified = _profile.GroupRecords.Get(group).Formed is not null;
        return new HomeNode(_profile, isVerified ? _groups.Load(group) : await _groups.VerifyAsync(group).ConfigureAwait(false), _time);
    }
}
