// protocol.md section 5, "Participant": registration.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Takes a place: the registration is stored before it is posted, and posted again byte for byte.</summary>
internal sealed class GroupJoining(GatewayTransport transport, EnclaveVerifier enclaves, Profile profile, TimeProvider time)
{
    public async Task<GroupState> JoinAsync(GroupOffer offer, MemberKey key, JoinOptions options, CancellationToken cancellationToken)
    {
        RequireAccepted(offer, options);
        if (key.IsMadeByEnclave && offer.AtHome)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "This place signs at home: no enclave makes its key. Bring one, or have one generated here.");
        }
        if (!key.IsMadeByEnclave)
        {
            RequireOwnKey(offer, key.Secret.XOnlyPublicKey);
        }
        var verified = await enclaves.VerifyAsync(offer.Manifest.Enclaves, cancellationToken).ConfigureAwait(false);
        if (!options.AcceptRetiredEpoch && offer.Manifest.Enclaves.Any(enclave => enclave.Epoch != verified[enclave.Id].Newest.Epoch))
        {
            throw new KeyMeldException(ErrorCodes.EpochRetired, "The group was made for an older key epoch of an enclave; accept that explicitly, or ask for a new group.");
        }
        using var authorisation = SecretKey.Generate();
        var (registration, envelope) = key.IsMadeByEnclave
            ? await RegisterMadeAsync(offer, authorisation, options.Approval, cancellationToken).ConfigureAwait(false)
            : Register(offer, key.Secret, authorisation, options.Approval);
        Store(offer, key, authorisation);
        var record = profile.GroupRecords.Update(offer.Group, stored => Claim(stored, offer, registration, envelope));
        return await PostAsync(record, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Posts the stored registration.</summary>
    public async Task<GroupState> PostAsync(GroupRecord record, CancellationToken cancellationToken)
    {
        var registration = record.Registration ?? throw new KeyMeldException(ErrorCodes.NotFound, $"This profile has not joined the group {record.Group}.");
        var body = ProtocolJson.Utf8(new RegistrationRequestJson(registration, record.Envelope), ProtocolJson.Default.RegistrationRequestJson);
        var call = new GatewayCall<StateJson>(HttpMethod.Post, GatewayTargets.Participants(record.Group), ProtocolJson.Default.StateJson) { Body = body };
        try
        {
            var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
            return KeygenFetch.State(answer.State);
        }
        catch (KeyMeldException error) when (error.Code == ErrorCodes.SlotTaken)
        {
            throw SlotAlarm.Raise(error);
        }
        catch (KeyMeldException error) when (IsRefusedRegistration(error.Code))
        {
            // It was refused for what it is, so another one may be made, for example with another member key.
            profile.GroupRecords.Update(record.Group, stored => stored!.Registration == registration ? stored with { Registration = null, Envelope = null } : stored);
            throw;
        }
    }

    private static bool IsRefusedRegistration(string code) => code is ErrorCodes.RegistrationInvalid or ErrorCodes.ProofOfPossessionInvalid
        or ErrorCodes.EnvelopeUnreadable or ErrorCodes.EnvelopeMismatch or ErrorCodes.KeyReused or ErrorCodes.EnclaveMismatch;

    private void RequireAccepted(GroupOffer offer, JoinOptions options)
    {
        if (offer.Unattended && !options.AcceptUnattended)
        {
            throw new KeyMeldException(ErrorCodes.Unsupported, "The group signs without anybody's counted approval; join it only if you accept that explicitly (AcceptUnattended).");
        }
        Chains.RefuseRaw(offer.Keygen.Chains, options.AcceptRawTweaks, "Join only if you accept that explicitly (AcceptRawTweaks).");
        if (offer.JoinBy < time.GetUtcNow())
        {
            throw new KeyMeldException(ErrorCodes.JoinClosed, "The time to join is over.");
        }
    }

    private static void RequireOwnKey(GroupOffer offer, XOnlyPublicKey member)
    {
        if (member == offer.Creator || offer.Manifest.Participants.Any(participant => participant.Admission == member))
        {
            throw new KeyMeldException(ErrorCodes.KeyReused, "The member key is the creator's or an admission key of this group; use another.");
        }
    }

    private static (SignedJson Registration, byte[]? Envelope) Register(GroupOffer offer, SecretKey member, SecretKey authorisation, bool approval)
    {
        var participant = offer.Manifest.Participants[offer.Place];
        var source = participant.Enclave is null ? KeySource.Home : KeySource.Imported;
        var binding = MemberBinding.Of(offer.Group, participant.User, participant.Enclave, authorisation.XOnlyPublicKey, approval, source);
        var envelope = participant.Enclave is { } enclave ? MemberEnvelope.Seal(offer.Manifest.Enclaves[enclave].Key, binding, member) : null;
        return (Sign(offer, MemberKeyPlaintext.Prove(member, binding), binding, source, envelope, authorisation, approval), envelope);
    }

    private async Task<(SignedJson Registration, byte[]? Envelope)> RegisterMadeAsync(GroupOffer offer, SecretKey authorisation, bool approval, CancellationToken cancellationToken)
    {
        RequireNotJoined(profile.GroupRecords.Find(offer.Group));
        var participant = offer.Manifest.Participants[offer.Place];
        var binding = MemberBinding.Of(offer.Group, participant.User, participant.Enclave, authorisation.XOnlyPublicKey, approval, KeySource.Made);
        var made = await new MemberKeyMaking(transport).MakeAsync(offer, binding, cancellationToken).ConfigureAwait(false);
        RequireOwnKey(offer, made.Key.Key.ToXOnly());
        return (Sign(offer, made.Key, binding, KeySource.Made, made.SelfSealed, authorisation, approval), made.SelfSealed);
    }

    private static SignedJson Sign(GroupOffer offer, MemberKeyPlaintext member, byte[] binding, KeySource source, byte[]? envelope, SecretKey authorisation, bool approval)
    {
        var registration = new Registration
        {
            Manifest = offer.Group,
            User = offer.Manifest.Participants[offer.Place].User,
            Auth = authorisation.XOnlyPublicKey,
            Approval = approval,
            Source = source,
            MemberKey = member.Encrypt(new SessionCipher(offer.Keygen.Session, offer.Group), binding),
            Envelope = envelope is null ? null : Hash32.Sha256(envelope),
        };
        return SignedJson.Of(StatementSigner.Sign(registration, offer.Admission, authorisation).Statement);
    }

    private void Store(GroupOffer offer, MemberKey key, SecretKey authorisation)
    {
        RequireNotJoined(profile.GroupRecords.Find(offer.Group));
        using var secrets = new SecretBatch();
        secrets.Add(SecretNames.Session(offer.Group), offer.Keygen.Session.Export());
        secrets.Add(SecretNames.Admission(offer.Group), offer.Admission.Export());
        secrets.Add(SecretNames.Authorisation(offer.Group, authorisation.XOnlyPublicKey), authorisation.Export());
        // Whoever signs at home needs the key here, wherever it came from.
        if (key.IsGenerated || offer.Host is null)
        {
            secrets.Add(SecretNames.Member(offer.Group, key.Secret.PublicKey), key.Secret.Export());
        }
        profile.UpdateSecrets(secrets);
    }

    private GroupRecord Claim(GroupRecord? stored, GroupOffer offer, SignedJson registration, byte[]? envelope)
    {
        RequireNotJoined(stored);
        stored ??= new GroupRecord
        {
            Version = ProfileLayout.Version,
            Gateway = transport.Gateway.AbsoluteUri,
            Group = offer.Group,
            Label = offer.Label,
            IsCreator = false,
            Manifest = SignedJson.Of(offer.Keygen.Manifest.Statement),
            Terms = offer.Keygen.TermsWire,
        };
        return stored with { Place = offer.Place, Registration = registration, Envelope = envelope };
    }

    private static void RequireNotJoined(GroupRecord? stored)
    {
        if (stored?.Registration is not null)
        {
            throw new KeyMeldException(ErrorCodes.Conflict, "This profile joined the group already; resume that registration instead of making another.");
        }
    }
}
