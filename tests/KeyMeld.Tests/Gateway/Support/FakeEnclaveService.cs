using System.Collections.Concurrent;
using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>One boot of a <see cref="FakeEnclave"/>.</summary>
internal sealed class FakeEnclaveService(FakeEnclave enclave) : KeyMeld.Wire.V1.Enclave.EnclaveBase
{
    private readonly ConcurrentDictionary<ByteString, int> _groups = [];
    private readonly ConcurrentDictionary<ByteString, Attempt> _attempts = [];
    private SealedKeyRow? _pending;

    public ByteString Boot { get; } = enclave.Draw(16);

    public SecretKey? Key { get; private set; }

    public UntrustedConfigure? Configured { get; private set; }

    public override Task<EnclaveStatus> GetStatus(GetStatusRequest request, ServerCallContext context) => Do("GetStatus", request, () => Status());

    public override Task<EnclaveStatus> Configure(UntrustedConfigure request, ServerCallContext context) => Do("Configure", request, () =>
    {
        Configured = request;
        if (request.Rows.Count == 1 && enclave.Sealed.TryGetValue(request.Rows[0].PublicKey, out var key))
        {
            Key = key;
        }
        return Status();
    });

    public override Task<SealedKeyRow> Genesis(UntrustedGenesis request, ServerCallContext context) => Do("Genesis", request, () =>
    {
        var key = enclave.NewKey();
        _pending = new SealedKeyRow
        {
            EnclaveId = request.EnclaveId,
            KeyEpoch = request.KeyEpoch,
            KmsEncryptedDek = enclave.Draw(184),
            EncryptedPrivateKey = enclave.Draw(61),
            PublicKey = ByteString.CopyFrom(key.PublicKey.Bytes),
            KmsKeyId = "arn:aws:kms:us-west-2:000000000000:key/1",
        };
        enclave.Sealed[_pending.PublicKey] = key;
        return _pending;
    });

    public override Task<IdentityReply> GetIdentity(GetIdentityRequest request, ServerCallContext context) => Do("GetIdentity", request, () =>
        new IdentityReply { Identity = Boot, Attestation = request.Nonce });

    public override Task<CheckReply> CheckKeygen(UntrustedKeygen request, ServerCallContext context) => Do("CheckKeygen", request, () => new CheckReply());

    public override Task<CheckReply> CheckRegistration(UntrustedRegistration request, ServerCallContext context) => Do("CheckRegistration", request, () => new CheckReply());

    public override Task<ReceiptReply> LoadGroup(UntrustedBundle request, ServerCallContext context) => Do("LoadGroup", request, () => Load(request));

    public override Task<RoundBlob> Open(UntrustedOpen request, ServerCallContext context) => Do("Open", request, () =>
    {
        var index = IndexOf(request.Roster, request.Bundle);
        var digest = StatementDigest.Of(StatementType.SigningRequest, request.Request.Statement.Span);
        var attempt = _attempts.AddOrUpdate(
            ByteString.CopyFrom(digest.Bytes),
            _ => new Attempt(request.Attempt, Blob(request.Attempt, index, [])),
            (_, before) => request.Attempt == before.Number ? before
                : request.Attempt > before.Number ? new Attempt(request.Attempt, Blob(request.Attempt, index, []))
                : throw new KeyMeldException(ErrorCodes.AttemptStale, "Stale."));
        return attempt.Opened;
    });

    public override Task<RoundBlob> Sign(UntrustedSign request, ServerCallContext context) => Do("Sign", request, () =>
    {
        if (request.Boot != Boot || !_attempts.TryGetValue(request.Request, out var attempt) || attempt.Number != request.Attempt)
        {
            throw new KeyMeldException(ErrorCodes.NotLoaded, "Another boot.");
        }
        var tau = ByteString.CopyFrom(Hash32.Sha256([.. request.Round1.SelectMany(blob => Hash32.Sha256(blob.Blob.Span).ToArray())]).Bytes);
        var index = attempt.Opened.NodeIndex;
        lock (attempt)
        {
            if (attempt.Tau is not null && attempt.Tau != tau)
            {
                enclave.Violations.Enqueue($"a second Sign of attempt {request.Attempt} with other nonces");
                throw new KeyMeldException(ErrorCodes.NonceAlreadyUsed, "Used.");
            }
            attempt.Tau = tau;
            return attempt.Signed ??= Blob(request.Attempt, index, tau.Span);
        }
    });

    public override Task<RoundBlob> Combine(UntrustedCombine request, ServerCallContext context) => Do("Combine", request, () =>
    {
        var index = IndexOf(request.Roster, request.Bundle);
        if (request.Round1.Count != request.Round2.Count || request.Round1.Select(blob => blob.NodeIndex).SequenceEqual(request.Round2.Select(blob => blob.NodeIndex)) == false)
        {
            enclave.Violations.Enqueue("Combine with rounds of different nodes");
        }
        return Blob(request.Attempt, index, request.Round2[0].Tau.Span);
    });

    public override Task<KeyAnswer> MakeMemberKey(UntrustedMakeMemberKey request, ServerCallContext context) => Do("MakeMemberKey", request, () => new KeyAnswer { Answer = enclave.Draw(224) });

    public override Task<KeyReply> AddKey(UntrustedKey request, ServerCallContext context) => Do("AddKey", request, () => new KeyReply
    {
        Answer = enclave.Draw(100),
        SelfSealed = KeyStatement.Parse(request.Key.Statement.Span).Source == KeySource.Made ? enclave.Draw(61) : ByteString.Empty,
    });

    public override Task<KeyAnswer> SingleSign(UntrustedSingleSign request, ServerCallContext context) => Do("SingleSign", request, () =>
    {
        enclave.SingleSigns.Enqueue(request);
        return new KeyAnswer { Answer = enclave.Draw(93) };
    });

    public override Task<ForgetReply> ForgetKey(UntrustedForgetKey request, ServerCallContext context) => Do("ForgetKey", request, () =>
    {
        enclave.ForgottenKeys.Enqueue(request.Key);
        return new ForgetReply();
    });

    public override Task<ForgetReply> Forget(UntrustedForget request, ServerCallContext context) => Do("Forget", request, () =>
    {
        enclave.Forgotten.Enqueue(request);
        return new ForgetReply();
    });

    private async Task<T> Do<T>(string name, IMessage request, Func<T> work)
        where T : IMessage, IDeepCloneable<T>
    {
        enclave.Calls.Enqueue(name);
        try
        {
            await enclave.Before(name, request);
            var answer = enclave.Real is { } real && await real(this, name, request) is T done ? done : work().Clone();
            enclave.Change(name, answer);
            return answer;
        }
        catch (KeyMeldException refusal)
        {
            throw EnclaveFault.ToRpc(refusal);
        }
    }

    private EnclaveStatus Status()
    {
        var status = enclave.Configuration.Clone();
        status.Boot = Boot;
        if (Configured is not null)
        {
            status.EnclaveId = Configured.EnclaveId;
        }
        (status.State, status.Reason) = Key is not null ? (EnclaveStatus.Types.State.Ready, "")
            : Configured is null ? (EnclaveStatus.Types.State.Unconfigured, "")
            : Configured.RowsError.Length > 0 ? (EnclaveStatus.Types.State.Locked, ErrorCodes.SealedKeyUnreadable)
            : Configured.Rows.Count == 0 ? (EnclaveStatus.Types.State.Locked, ErrorCodes.SealedKeyMissing)
            : (EnclaveStatus.Types.State.Locked, ErrorCodes.SealedKeyCorrupt);
        if (Key is not null)
        {
            status.Keys.Add(new EpochKey { Epoch = 1, Key = ByteString.CopyFrom(Key.PublicKey.Bytes), Sign = ByteString.CopyFrom(Key.XOnlyPublicKey.Bytes) });
        }
        return status;
    }

    private ReceiptReply Load(UntrustedBundle bundle)
    {
        var manifest = Manifest.Parse(bundle.Keygen.Manifest.Statement.Span);
        if (bundle.Registrations.Count != manifest.Participants.Count)
        {
            enclave.Violations.Enqueue("LoadGroup of an incomplete group");
        }
        var index = manifest.Enclaves.ToList().FindIndex(entry => entry.Key.Bytes.SequenceEqual(Key!.PublicKey.Bytes));
        if (index < 0)
        {
            throw new KeyMeldException(ErrorCodes.EnclaveMismatch, "Not me.");
        }
        var hash = StatementDigest.Of(StatementType.Manifest, bundle.Keygen.Manifest.Statement.Span);
        var roster = ByteString.CopyFrom(RosterHash.Of(hash, [.. bundle.Registrations.Select(registration => Hash32.Sha256(registration.Statement.Span))]).Bytes);
        _groups[roster] = index;
        return new ReceiptReply { Roster = roster, Enclave = (uint)index, Signature = enclave.Draw(64) };
    }

    private uint IndexOf(ByteString roster, UntrustedBundle? bundle)
    {
        if (bundle is not null)
        {
            Load(bundle);
        }
        return _groups.TryGetValue(roster, out var index) ? (uint)index : throw new KeyMeldException(ErrorCodes.NotLoaded, "Not loaded.");
    }

    private RoundBlob Blob(uint attempt, uint index, ReadOnlySpan<byte> tau) => new()
    {
        Attempt = attempt,
        NodeIndex = index,
        Boot = Boot,
        Tau = ByteString.CopyFrom(tau),
        Blob = enclave.Draw(100),
        Signature = enclave.Draw(64),
    };

    private sealed class Attempt(uint number, RoundBlob opened)
    {
        public uint Number => number;

        public RoundBlob Opened => opened;

        public ByteString? Tau { get; set; }

        public RoundBlob? Signed { get; set; }
    }
}
