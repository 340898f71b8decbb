using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KeyMeld.Secp256k1.Memory;

namespace KeyMeld.Secp256k1.Interop;

// secp256k1_musig.h
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_pubnonce_parse(nint ctx, out NativePublicNonce nonce, ReadOnlySpan<byte> in66);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_pubnonce_serialize(nint ctx, Span<byte> out66, in NativePublicNonce nonce);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_aggnonce_parse(nint ctx, out NativeAggregateNonce nonce, ReadOnlySpan<byte> in66);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_aggnonce_serialize(nint ctx, Span<byte> out66, in NativeAggregateNonce nonce);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_partial_sig_parse(nint ctx, out NativePartialSignature sig, ReadOnlySpan<byte> in32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_partial_sig_serialize(nint ctx, Span<byte> out32, in NativePartialSignature sig);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_pubkey_agg(
        nint ctx, NativeXOnlyPublicKey* agg_pk, out NativeKeyAggCache keyagg_cache, NativePublicKey** pubkeys, nuint n_pubkeys);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_pubkey_get(nint ctx, out NativePublicKey agg_pk, in NativeKeyAggCache keyagg_cache);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_pubkey_ec_tweak_add(
        nint ctx, out NativePublicKey output_pubkey, ref NativeKeyAggCache keyagg_cache, ReadOnlySpan<byte> tweak32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_pubkey_xonly_tweak_add(
        nint ctx, out NativePublicKey output_pubkey, ref NativeKeyAggCache keyagg_cache, ReadOnlySpan<byte> tweak32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_nonce_gen(
        nint ctx, SecretNonceHandle secnonce, out NativePublicNonce pubnonce, SecretScalarHandle session_secrand32, SecretScalarHandle seckey,
        in NativePublicKey pubkey, ReadOnlySpan<byte> msg32, NativeKeyAggCache* keyagg_cache, ReadOnlySpan<byte> extra_input32);

    /// <summary>For C's NULL as <paramref name="seckey"/>, which a SafeHandle cannot express; only the published vectors need it.</summary>
    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_nonce_gen(
        nint ctx, SecretNonceHandle secnonce, out NativePublicNonce pubnonce, SecretScalarHandle session_secrand32, nint seckey,
        in NativePublicKey pubkey, ReadOnlySpan<byte> msg32, NativeKeyAggCache* keyagg_cache, ReadOnlySpan<byte> extra_input32);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_nonce_agg(nint ctx, out NativeAggregateNonce aggnonce, NativePublicNonce** pubnonces, nuint n_pubnonces);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_nonce_process(
        nint ctx, out NativeSession session, in NativeAggregateNonce aggnonce, ReadOnlySpan<byte> msg32, in NativeKeyAggCache keyagg_cache);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_partial_sign(
        nint ctx, out NativePartialSignature partial_sig, SecretNonceHandle secnonce, KeypairHandle keypair,
        in NativeKeyAggCache keyagg_cache, in NativeSession session);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_partial_sig_verify(
        nint ctx, in NativePartialSignature partial_sig, in NativePublicNonce pubnonce, in NativePublicKey pubkey,
        in NativeKeyAggCache keyagg_cache, in NativeSession session);

    [LibraryImport(Library)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    internal static partial int secp256k1_musig_partial_sig_agg(
        nint ctx, Span<byte> sig64, in NativeSession session, NativePartialSignature** partial_sigs, nuint n_sigs);
}
