using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>The gateway's enclaves, and whether they are what they should be (protocol.md section 3).</summary>
public sealed class EnclaveOperations
{
    private readonly GatewayTransport _transport;
    private readonly EnclaveVerifier _verifier;
    private readonly Profile _profile;

    internal EnclaveOperations(GatewayTransport transport, EnclaveVerifier verifier, Profile profile) => (_transport, _verifier, _profile) = (transport, verifier, profile);

    /// <summary>What the gateway says of its enclaves; unverified.</summary>
    /// <exception cref="KeyMeldException"><c>gateway_unreachable</c>, <c>gateway_response_invalid</c>, or what the gateway answered.</exception>
    public async Task<IReadOnlyList<EnclaveListing>> ListAsync(CancellationToken cancellationToken = default)
    {
        var call = new GatewayCall<EnclaveListJson>(HttpMethod.Get, GatewayTargets.Enclaves, ProtocolJson.Default.EnclaveListJson);
        var answer = await _transport.SendAsync(call, cancellationToken).ConfigureAwait(false);
        return
        [
            .. answer.Enclaves.Select(enclave => new EnclaveListing(
                enclave.Id, UntrustedText.Show(enclave.State), Show(enclave.Reason), Show(enclave.Detail), enclave.Epoch, enclave.Key, Show(enclave.KmsKeyId), Show(enclave.Mode))),
        ];
    }

    /// <summary>Verifies one enclave with a fresh nonce, and against the profile's pin.</summary>
    /// <param name="number">The enclave's number.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="KeyMeldException"><c>attestation_invalid</c>, <c>enclave_changed</c>, or what the gateway answered.</exception>
    public async Task<VerifiedEnclave> VerifyAsync(int number, CancellationToken cancellationToken = default)
    {
        var enclave = await _verifier.AttestAsync(number, cancellationToken).ConfigureAwait(false);
        _profile.PinBook.Check(enclave);
        return enclave;
    }

    /// <summary>Verifies one enclave and replaces its pin, although it shows another key or a lower epoch. Only when you know why it changed.</summary>
    /// <param name="number">The enclave's number.</param>
    /// <param name="newestKey">The newest identity key that is accepted, as the <c>enclave_changed</c> error showed it.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <exception cref="KeyMeldException"><c>attestation_invalid</c>; <c>enclave_changed</c>: it shows yet another key.</exception>
    public async Task<VerifiedEnclave> AcceptChangeAsync(int number, PublicKey newestKey, CancellationToken cancellationToken = default)
    {
        var enclave = await _verifier.AttestAsync(number, cancellationToken).ConfigureAwait(false);
        if (enclave.Newest.Key != newestKey)
        {
            throw new KeyMeldException(ErrorCodes.EnclaveChanged, $"Enclave {number} shows the key {enclave.Newest.Key}, not the one to be accepted.");
        }
        _profile.PinBook.Accept(enclave);
        return enclave;
    }

    private static string? Show(string? text) => text is null ? null : UntrustedText.Show(text);
}
