using System.Collections.Concurrent;
using Google.Protobuf;
using KeyMeld.Attestation;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>
/// Asks the enclaves for attestation documents over fresh nonces and verifies them as a client would. Only while somebody looks, and not before the last answer got old.
/// </summary>
internal sealed class AttestedFleet(EnclaveFleet fleet, KnownReleases known, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);
    private static readonly AttestationFactsJson NotAsked = new("unchecked", null, "It was not asked yet.", null, null, null, null);

    private readonly ConcurrentDictionary<uint, Seen> _seen = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>How many releases there are to compare with.</summary>
    public int Releases => known.Releases.Length;

    /// <summary>Somebody looks: asks whom it is time to ask, and does not wait for the answers.</summary>
    public void Look()
    {
        foreach (var view in fleet.Snapshot.Values.Where(view => view is { IsReady: true, Status: not null }))
        {
            var seen = _seen.GetOrAdd(view.Id, _ => new Seen());
            if (seen.Asking.IsCompleted && !_stopping.IsCancellationRequested)
            {
                seen.Asking = AskAsync(fleet.Get(view.Id), view.Status!.Boot, seen);
            }
        }
    }

    /// <summary>What its attestation is worth.</summary>
    public AttestationFactsJson Of(EnclaveView view) =>
        !view.IsReady ? new AttestationFactsJson("unchecked", null, "It can attest itself only once it is ready.", null, null, null, null)
        : known.Root is null ? new AttestationFactsJson("unchecked", null, "No root is configured to check it with (attestation.development_root).", null, null, null, null)
        : _seen.TryGetValue(view.Id, out var seen) && seen.Boot == view.Status?.Boot && seen.Facts is { } facts ? facts
        : NotAsked;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_seen.Values.Select(seen => seen.Asking));
        _stopping.Dispose();
    }

    private async Task AskAsync(EnclaveLink link, ByteString boot, Seen seen)
    {
        try
        {
            if (known.Root is { } root && (seen.Boot != boot || time.GetElapsedTime(seen.Attested) >= Fresh))
            {
                seen.Facts = await AttestAsync(link, root);
                seen.Boot = boot;
                seen.Attested = time.GetTimestamp();
            }
        }
        catch (KeyMeldException)
        {
            // The link sees for itself what is the matter, and it shows as the enclave's state.
        }
        catch (OperationCanceledException)
        {
            // The gateway stops.
        }
    }

    private async Task<AttestationFactsJson> AttestAsync(EnclaveLink link, AttestationRoot root)
    {
        var nonce = new byte[32];
        SecureRandom.Fill(nonce);
        var reply = await link.Calls.GetIdentityAsync(new GetIdentityRequest { Nonce = ByteString.CopyFrom(nonce) }, _stopping.Token);
        try
        {
            var verified = new AttestationVerifier(root, time).Verify(reply.Attestation.Span, AttestationExpectations.Identity(nonce, IdentityDocument.UserData(reply.Identity.Span).Bytes));
            var identity = IdentityDocument.Parse(reply.Identity.Span);
            if (identity.Id != link.Id)
            {
                return Refused($"It attests that it is enclave {identity.Id}.");
            }
            var (pcrs, at) = (verified.Pcrs, time.GetUtcNow().ToUnixTimeMilliseconds());
            return known.NameOf(pcrs, identity.Kms, identity.Config.ToString()) is { } name
                ? new AttestationFactsJson("release", name, null, pcrs.Pcr0, pcrs.Pcr1, pcrs.Pcr2, at)
                : new AttestationFactsJson("unknown_build", null,
                    known.Releases.IsEmpty ? "No releases are configured to compare it with (attestation.releases)." : "Its measurements and KMS key are none of the configured releases.",
                    pcrs.Pcr0, pcrs.Pcr1, pcrs.Pcr2, at);
        }
        catch (AttestationException error)
        {
            return Refused($"{error.Failure}: {error.Message}");
        }
        catch (KeyMeldException error) when (error.Code is ErrorCodes.StatementInvalid or ErrorCodes.LimitExceeded)
        {
            return Refused(error.Message);
        }
    }

    private AttestationFactsJson Refused(string why) => new(AttestationFactsJson.Refused, null, why, null, null, null, time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Of one enclave. Written by one task at a time, read by any.</summary>
    private sealed class Seen
    {
        public volatile Task Asking = Task.CompletedTask;
        public volatile AttestationFactsJson? Facts;
        public volatile ByteString? Boot;
        public long Attested;
    }
}
