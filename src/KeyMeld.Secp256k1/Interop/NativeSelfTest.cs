// Known answers: BIP-340 test-vectors.csv case 1; BIP-327 key_agg_vectors.json valid case 0 and nonce_gen_vectors.json case 3.
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

/// <summary>
/// Shows, before anything depends on it, that the loaded library computes BIP-340 and BIP-327 and that its opaque structures have the sizes this binding
/// gives them (the library has no version number to ask for). Takes about half a millisecond, once.
/// </summary>
internal static unsafe class NativeSelfTest
{
    private static readonly byte[][] s_keys =
    [
        Convert.FromHexString("02F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9"),
        Convert.FromHexString("03DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659"),
        Convert.FromHexString("023590A94E768F8E1815C2F24B4D80A8E3149316C3518CE7B7AD338368D038CA66"),
    ];

    /// <exception cref="Secp256k1UnavailableException">An answer or a size differs.</exception>
    public static void Run(nint context)
    {
        Schnorr(context);
        KeyAggregation(context);
        MuSig(context);
    }

    private static void Schnorr(nint context)
    {
        using var secret = SecretScalarHandle.CopyFrom(Convert.FromHexString("B7E151628AED2A6ABF7158809CF4F3C762E7160F38B4DA56A784D9045190CFEF"));
        using var aux = SecretScalarHandle.CopyFrom(Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000001"));
        using var keypair = new KeypairHandle(Guard.Size);
        Guard.Fill(keypair.Span);
        var message = Convert.FromHexString("243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89");
        Expect(Native.secp256k1_keypair_create(context, keypair, secret));
        Guard.Check(keypair.Span, NativeSecretSize.Keypair, "secp256k1_keypair");

        Span<byte> signature = stackalloc byte[64];
        Expect(Native.secp256k1_schnorrsig_sign32(context, signature, message, keypair, aux));
        Expect(signature, "6896BD60EEAE296DB48A229FF71DFE071BDE413E6D43F917DC8DCF8C78DE33418906D11AC976ABCCB20B091292BFF4EA897EFCB639EA871CFA95F6DE339E4B0A");

        var key = Guarded<NativeXOnlyPublicKey>.Create();
        Expect(Native.secp256k1_keypair_xonly_pub(context, out key.Value, null, keypair));
        key.Check();
        Expect(Native.secp256k1_schnorrsig_verify(context, signature, message, (nuint)message.Length, key.Value));
        signature[63] ^= 1;
        Expect(1 - Native.secp256k1_schnorrsig_verify(context, signature, message, (nuint)message.Length, key.Value));
    }

    private static void KeyAggregation(nint context)
    {
        var aggregate = Guarded<NativeXOnlyPublicKey>.Create();
        var cache = Guarded<NativeKeyAggCache>.Create();
        Aggregate(context, s_keys, ref aggregate, ref cache);
        Span<byte> bytes = stackalloc byte[32];
        Expect(Native.secp256k1_xonly_pubkey_serialize(context, bytes, aggregate.Value));
        Expect(bytes, "90539EEDE565F5D054F32CC0C220126889ED1E5D193BAF15AEF344FE59D4610C");
    }

    // One signer, from the published nonce to a signature that verifies.
    private static void MuSig(nint context)
    {
        var message = new byte[32];
        var aggregate = Guarded<NativeXOnlyPublicKey>.Create();
        var cache = Guarded<NativeKeyAggCache>.Create();
        var key = Aggregate(context, s_keys[..1], ref aggregate, ref cache);
        using var secret = SecretScalarHandle.CopyFrom(Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000003"));
        using var keypair = new KeypairHandle();
        Expect(Native.secp256k1_keypair_create(context, keypair, secret));

        using var randomness = new SecretScalarHandle();
        randomness.Span.Fill(0x0f);
        using var secretNonce = new SecretNonceHandle(Guard.Size);
        Guard.Fill(secretNonce.Span);
        var publicNonce = Guarded<NativePublicNonce>.Create();
        Expect(Native.secp256k1_musig_nonce_gen(context, secretNonce, out publicNonce.Value, randomness, 0, key, [], null, []));
        Guard.Check(secretNonce.Span, NativeSecretSize.SecretNonce, "secp256k1_musig_secnonce");
        publicNonce.Check();
        Span<byte> nonceBytes = stackalloc byte[66];
        Expect(Native.secp256k1_musig_pubnonce_serialize(context, nonceBytes, publicNonce.Value));
        Expect(nonceBytes, "02C96E7CB1E8AA5DAC64D872947914198F607D90ECDE5200DE52978AD5DED63C000299EC5117C2D29EDEE8A2092587C3909BE694D5CFF0667D6C02EA4059F7CD9786");

        var aggregateNonce = Guarded<NativeAggregateNonce>.Create();
        using var nonces = new PointerTable<NativePublicNonce>(1);
        nonces.Add(publicNonce.Value);
        Expect(Native.secp256k1_musig_nonce_agg(context, out aggregateNonce.Value, nonces.Pointers, nonces.Count));
        aggregateNonce.Check();
        var session = Guarded<NativeSession>.Create();
        Expect(Native.secp256k1_musig_nonce_process(context, out session.Value, aggregateNonce.Value, message, cache.Value));
        session.Check();
        var partial = Guarded<NativePartialSignature>.Create();
        Expect(Native.secp256k1_musig_partial_sign(context, out partial.Value, secretNonce, keypair, cache.Value, session.Value));
        partial.Check();
        if (secretNonce.Span[..NativeSecretSize.SecretNonce].ContainsAnyExcept((byte)0))
            throw Failure();
        Expect(Native.secp256k1_musig_partial_sig_verify(context, partial.Value, publicNonce.Value, key, cache.Value, session.Value));
        using var partials = new PointerTable<NativePartialSignature>(1);
        partials.Add(partial.Value);
        Span<byte> signature = stackalloc byte[64];
        Expect(Native.secp256k1_musig_partial_sig_agg(context, signature, session.Value, partials.Pointers, partials.Count));
        Expect(Native.secp256k1_schnorrsig_verify(context, signature, message, (nuint)message.Length, aggregate.Value));
    }

    private static NativePublicKey Aggregate(
        nint context, byte[][] keys, ref Guarded<NativeXOnlyPublicKey> aggregate, ref Guarded<NativeKeyAggCache> cache)
    {
        var key = Guarded<NativePublicKey>.Create();
        using var table = new PointerTable<NativePublicKey>(keys.Length);
        foreach (var bytes in keys)
        {
            Expect(Native.secp256k1_ec_pubkey_parse(context, out key.Value, bytes, (nuint)bytes.Length));
            key.Check();
            table.Add(key.Value);
        }
        fixed (NativeXOnlyPublicKey* output = &aggregate.Value)
            Expect(Native.secp256k1_musig_pubkey_agg(context, output, out cache.Value, table.Pointers, table.Count));
        aggregate.Check();
        cache.Check();
        return key.Value;
    }

    private static void Expect(int result)
    {
        if (result != 1)
            throw Failure();
    }

    private static void Expect(ReadOnlySpan<byte> actual, string expected)
    {
        if (!actual.SequenceEqual(Convert.FromHexString(expected)))
            throw Failure();
    }

    private static Secp256k1UnavailableException Failure() =>
        new("libsecp256k1 gave a wrong answer to a published BIP-340 or BIP-327 vector. Install an unmodified version 0.7 or 0.8.");
}
