using Google.Protobuf;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Groups;

/// <summary>The calls that form a group (protocol.md section 5). Nothing is kept of the two checks.</summary>
public sealed class GroupDesk(KeyKeeper keys, EnclaveClock clock, LoadedGroups groups)
{
    /// <summary>Whether this enclave can take part in a group that is about to be created.</summary>
    /// <exception cref="KeyMeldException"><c>manifest_invalid</c>, <c>enclave_mismatch</c>, <c>epoch_retired</c>, <c>session_secret_unreadable</c>, <c>terms_mismatch</c>, …</exception>
    public Task<CheckReply> CheckKeygenAsync(UntrustedKeygen request, CancellationToken cancellation)
    {
        var keyring = keys.Current;
        using var keygen = OpenedKeygen.Open(request, keyring);
        if (keygen.Identity.Epoch != keyring.Newest.Epoch)
        {
            throw new KeyMeldException(ErrorCodes.EpochRetired, $"A new group must use this enclave's newest key, of epoch {keyring.Newest.Epoch}.");
        }
        keygen.CheckTerms(request.Terms);
        return Task.FromResult(new CheckReply());
    }

    /// <summary>Whether a registration may be accepted beside those that were, on this enclave's time.</summary>
    /// <exception cref="KeyMeldException"><c>join_closed</c>, <c>registration_invalid</c>, <c>pop_invalid</c>, <c>key_reused</c>, <c>slot_taken</c>, <c>envelope_unreadable</c>, <c>envelope_mismatch</c>, …</exception>
    public Task<CheckReply> CheckRegistrationAsync(UntrustedRegistration request, CancellationToken cancellation)
    {
        using var keygen = OpenedKeygen.Open(request.Keygen, keys.Current);
        keygen.CheckTerms(request.Keygen.Terms);
        RegistrationVerifier.CheckJoinBy(keygen.Manifest.Value, clock.NowMs);
        var verifier = new RegistrationVerifier(keygen.Manifest, keygen.Secret);
        foreach (var accepted in request.Accepted)
        {
            verifier.Admit(Untrusted.Statement(accepted, "accepted registration"));
        }
        var member = verifier.Admit(Untrusted.Statement(request.Registration, "registration"));
        if (member.Enclave == keygen.Index)
        {
            GroupBundle.OpenEnvelope(keygen.Identity, member, request.Envelope.Span).Dispose();
        }
        else if (!request.Envelope.IsEmpty)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "This envelope is for another enclave.");
        }
        return Task.FromResult(new CheckReply());
    }

    /// <summary>Loads the complete group and confirms what was loaded.</summary>
    /// <exception cref="KeyMeldException">What does not hold; <c>envelope_unreadable</c> also where one is missing.</exception>
    public async Task<ReceiptReply> LoadGroupAsync(UntrustedBundle request, CancellationToken cancellation)
    {
        using var lease = await groups.LoadAsync(request, cancellation);
        var group = lease.Bundle;
        if (!group.IsComplete)
        {
            throw new KeyMeldException(ErrorCodes.EnvelopeUnreadable, "The envelope of a member hosted here is missing.");
        }
        var receipt = Receipt.Sign(group.Roster, group.Index, group.Identity.StatementKey);
        return new ReceiptReply
        {
            Roster = ByteString.CopyFrom(group.RosterHash.Bytes),
            Enclave = (uint)receipt.Enclave,
            Signature = ByteString.CopyFrom(receipt.Signature.Bytes),
        };
    }
}
