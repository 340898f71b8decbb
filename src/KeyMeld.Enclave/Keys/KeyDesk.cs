using Google.Protobuf;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Keys;

/// <summary>The calls about keys made here and keys of one owner (protocol.md sections 5 and 7). What is kept is kept for speed.</summary>
public sealed class KeyDesk : IDisposable
{
    private readonly KeyKeeper _keys;
    private readonly EnclaveClock _clock;
    private readonly OwnedKeys _owned;

    public KeyDesk(KeyKeeper keys, EnclaveClock clock, MemoryBudget budget)
    {
        (_keys, _clock) = (keys, clock);
        _owned = new OwnedKeys(keys, budget);
    }

    /// <summary>Single-signer keys in memory at present.</summary>
    internal int Remembered => _owned.Count;

    /// <summary>Makes a member's key for its place.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>manifest_invalid</c>, <c>enclave_mismatch</c>, <c>registration_invalid</c>, <c>envelope_unreadable</c>, …</exception>
    public Task<KeyAnswer> MakeMemberKeyAsync(UntrustedMakeMemberKey request) =>
        Task.FromResult(new KeyAnswer { Answer = UnsafeByteOperations.UnsafeWrap(MemberKeyMaker.Make(request, _keys.Current)) });

    /// <summary>Takes or makes a single-signer key.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>statement_invalid</c>, <c>enclave_mismatch</c>, <c>epoch_retired</c>, <c>envelope_mismatch</c>, <c>envelope_unreadable</c>, <c>key_reused</c>.</exception>
    public Task<KeyReply> AddAsync(UntrustedKey request) => Task.FromResult(KeyAdding.Add(request, _keys.Current));

    /// <summary>Signs one message with a single-signer key.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">As above, and <c>request_invalid</c>, <c>items_invalid</c>, <c>not_yet_valid</c>, <c>expired</c>.</exception>
    public Task<KeyAnswer> SignAsync(UntrustedSingleSign request)
    {
        using var key = _owned.Open(request.Key, request.KeySealed);
        return Task.FromResult(new KeyAnswer { Answer = UnsafeByteOperations.UnsafeWrap(SingleSigning.Sign(key, request, _clock.NowMs)) });
    }

    /// <summary>Wipes a single-signer key. One that is not here is no error.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>bad_request</c>.</exception>
    public Task<ForgetReply> ForgetAsync(UntrustedForgetKey request)
    {
        _owned.Forget(Untrusted.Hash(request.Key, "key"));
        return Task.FromResult(new ForgetReply());
    }

    public void Dispose() => _owned.Dispose();
}
