// Protocol section 3: the identity document and an attestation document over it and the caller's nonce.
using Google.Protobuf;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Identity;

/// <summary>Shows who this enclave is to whoever sends a nonce.</summary>
public sealed class IdentityDesk(EnclaveConfiguration configuration, KeyKeeper keeper, Boot boot, NsmClient nsm) : IDisposable
{
    private const int NonceBytes = 32;

    // The module answers one at a time; who asks faster than it answers is told so.
    private const int MaxWaiting = 32;

    private readonly SemaphoreSlim _one = new(1, 1);
    private int _waiting;
    private (Keyring Keyring, byte[] Identity, byte[] UserData)? _cached;

    /// <exception cref="KeyMeldException">The enclave is locked, the nonce has another length, too many ask, or the module gives no document.</exception>
    public async Task<IdentityReply> ShowAsync(GetIdentityRequest request, CancellationToken cancellation)
    {
        if (request.Nonce.Length != NonceBytes)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"nonce must be {NonceBytes} bytes.");
        }
        try
        {
            if (Interlocked.Increment(ref _waiting) > MaxWaiting)
            {
                throw new KeyMeldException(ErrorCodes.Busy, "Too many ask for the identity at once.");
            }
            await _one.WaitAsync(cancellation);
            try
            {
                var (_, identity, userData) = Document(keeper.Current);
                var attestation = await Task.Run(() => nsm.Attest(userData, request.Nonce.Memory, publicKey: null), cancellation);
                return new IdentityReply { Identity = ByteString.CopyFrom(identity), Attestation = ByteString.CopyFrom(attestation) };
            }
            finally
            {
                _one.Release();
            }
        }
        catch (NsmException exception)
        {
            throw new KeyMeldException(ErrorCodes.AttestationUnavailable, exception.Message, exception);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Dispose() => _one.Dispose();

    // Within a boot it changes only with the keyring. Called by one at a time.
    private (Keyring Keyring, byte[] Identity, byte[] UserData) Document(Keyring keyring)
    {
        if (_cached is not { } cached || !ReferenceEquals(cached.Keyring, keyring))
        {
            var identity = Describe(keyring).Encode();
            cached = (keyring, identity, IdentityDocument.UserData(identity).ToArray());
            _cached = cached;
        }
        return cached;
    }

    private IdentityDocument Describe(Keyring keyring) => new()
    {
        Mode = configuration.Mode,
        Id = (int)keyring.EnclaveId,
        Keys = [.. keyring.All.Select(identity => new EpochKeys(identity.Epoch, identity.Key, identity.Sign))],
        Kms = configuration.Kms.KeyId,
        Config = configuration.Digest,
        Protocols = [1],
        Software = StatusDesk.Software,
        Boot = boot.Id,
    };
}
