// protocol.md section 3: what a client checks before it uses an enclave's key.
using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Fetches an enclave's identity under a nonce of its own and verifies it whole. Nothing is kept between calls.</summary>
internal sealed class EnclaveVerifier(GatewayTransport transport, AttestationPolicy policy, PinBook pins, TimeProvider time)
{
    private const int NonceSize = 32;
    private const int AnswerBytes = 256 * 1024;
    private readonly AttestationVerifier _verifier = policy.CreateVerifier(time);

    /// <summary>An enclave that proved itself; not compared with the pin.</summary>
    public async Task<VerifiedEnclave> AttestAsync(int number, CancellationToken cancellationToken)
    {
        var nonce = new byte[NonceSize];
        SecureRandom.Fill(nonce);
        var call = new GatewayCall<IdentityJson>(HttpMethod.Get, GatewayTargets.Identity(number, nonce), ProtocolJson.Default.IdentityJson) { MostBytes = AnswerBytes };
        var answer = await transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return Verify(number, nonce, answer);
    }

    /// <summary>Verifies every named enclave, each once, and that each has exactly the named keys; in parallel.</summary>
    public async Task<IReadOnlyDictionary<int, VerifiedEnclave>> VerifyAsync(IEnumerable<EnclaveKeys> expected, CancellationToken cancellationToken)
    {
        var entries = expected.ToList();
        var enclaves = await Task.WhenAll(entries.Select(entry => entry.Id).Distinct().Select(id => AttestAsync(id, cancellationToken))).ConfigureAwait(false);
        var verified = enclaves.ToDictionary(enclave => enclave.Number);
        foreach (var enclave in enclaves)
        {
            pins.Check(enclave);
        }
        foreach (var entry in entries)
        {
            RequireKeys(verified[entry.Id], entry);
        }
        return verified;
    }

    internal static void RequireMode(AttestationPolicy policy, EnclaveMode mode, int number)
    {
        if (policy is AttestationPolicy.Production && mode != EnclaveMode.Production)
        {
            throw Refused(number, "it runs in development mode");
        }
    }

    private static void RequireKeys(VerifiedEnclave enclave, EnclaveKeys entry)
    {
        if (!enclave.Epochs.Any(epoch => epoch.Epoch == entry.Epoch && epoch.Key == entry.Key && epoch.Sign == entry.Sign))
        {
            throw new KeyMeldException(ErrorCodes.EnclaveMismatch, $"Enclave {enclave.Number} proved itself, but the group names another key for its epoch {entry.Epoch} than it has.");
        }
    }

    private VerifiedEnclave Verify(int number, ReadOnlySpan<byte> nonce, IdentityJson answer)
    {
        try
        {
            // The attestation first: until it verifies, the identity is only bytes.
            var userData = IdentityDocument.UserData(answer.Identity);
            var attested = _verifier.Verify(answer.Attestation, AttestationExpectations.Identity(nonce, userData.Bytes));
            var identity = IdentityDocument.Parse(answer.Identity);
            RequireRelease(attested, identity);
            RequireMode(policy, identity.Mode, number);
            if (identity.Id != number)
            {
                throw Refused(number, $"the gateway showed enclave {identity.Id} in its place");
            }
            if (!identity.Protocols.Contains(1))
            {
                throw new KeyMeldException(ErrorCodes.Unsupported, $"Enclave {number} does not speak version 1 of the protocol.");
            }
            var epochs = identity.Keys.Select(keys => new EnclaveEpoch(keys.Epoch, keys.Key, keys.Sign)).ToList();
            return new VerifiedEnclave(number, identity.Mode, identity.Kms, UntrustedText.Show(identity.Software), epochs, attested.Pcrs, attested.Timestamp);
        }
        catch (AttestationException error)
        {
            throw Refused(number, $"{error.Failure}: {error.Message}", error);
        }
        catch (KeyMeldException error) when (error.Code is ErrorCodes.StatementInvalid or ErrorCodes.LimitExceeded)
        {
            throw Refused(number, error.Message, error);
        }
    }

    // Who verified this enclave before is told that it moved to another build, which may be an update; who did not, only that it is none of the releases.
    private void RequireRelease(VerifiedAttestation attested, IdentityDocument identity)
    {
        try
        {
            policy.RequireRelease(attested, identity.Kms, identity.Config.ToString());
        }
        catch (AttestationException error) when (pins.Knows(identity.Kms, identity.Id))
        {
            throw new KeyMeldException(ErrorCodes.EnclaveChanged,
                $"Enclave {identity.Id} was verified before and now runs another build: {error.Message} If that is a new release, get its manifest from somebody you trust and add it to yours.", error);
        }
    }

    private static KeyMeldException Refused(int number, string why, Exception? inner = null) =>
        new(ErrorCodes.AttestationInvalid, $"Enclave {number} did not prove what it is: {why}", inner);
}
