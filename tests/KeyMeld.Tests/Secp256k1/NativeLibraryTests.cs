using System.Reflection;
using KeyMeld.Secp256k1;
using KeyMeld.Secp256k1.Interop;

namespace KeyMeld.Tests.Secp256k1;

public class NativeLibraryTests
{
    [Fact]
    public void The_library_passes_its_known_answers() => NativeSelfTest.Run(NativeContext.Pointer);

    [Fact]
    public void The_symbols_checked_at_load_are_those_imported()
    {
        var imported = typeof(Native).GetMethods(BindingFlags.Static | BindingFlags.NonPublic).Select(method => method.Name)
            .Where(name => name.StartsWith("secp256k1_", StringComparison.Ordinal)).Distinct().Order();
        Assert.Equal(imported, NativeLoader.Symbols.Order());
    }

    [Fact]
    public void Without_a_library_the_exception_says_what_was_tried_and_what_to_install()
    {
        var exception = Assert.Throws<DllNotFoundException>(() => Load("no-such-library.so.9"));
        Assert.Contains("no-such-library.so.9: not found", exception.Message, StringComparison.Ordinal);
        Assert.Contains("libsecp256k1-6", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_without_the_functions_is_not_taken()
    {
        var exception = Assert.Throws<DllNotFoundException>(() => Load("libc.so.6"));
        Assert.Contains("libc.so.6: has no secp256k1_selftest", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_usable_candidate_is_taken() => Assert.NotEqual(0, Load("no-such-library.so.9", "libc.so.6", Native.Library));

    [Theory]
    [InlineData(96, false)]
    [InlineData(97, true)]
    [InlineData(64, true)]
    public void A_structure_of_another_size_than_ours_is_noticed(int written, bool noticed)
    {
        const int Ours = 96;
        Span<byte> memory = stackalloc byte[Ours + Guard.Size];
        Guard.Fill(memory);
        memory[..written].Clear();
        try
        {
            Guard.Check(memory, Ours, "secp256k1_keypair");
            Assert.False(noticed);
        }
        catch (Secp256k1UnavailableException exception)
        {
            Assert.True(noticed);
            Assert.Contains("secp256k1_keypair", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_refused_argument_is_counted_and_does_not_end_the_process()
    {
        var before = Secp256k1Library.RefusedCalls;
        nuint length = 33;
        NativePublicKey uninitialised = default;
        Assert.Equal(0, Native.secp256k1_ec_pubkey_serialize(NativeContext.Pointer, new byte[33], ref length, uninitialised, Native.SECP256K1_EC_COMPRESSED));
        Assert.True(Secp256k1Library.RefusedCalls > before);
        Assert.Contains("secp256k1_fe_is_zero", Misuse.Unexpected().Message, StringComparison.Ordinal);
    }

    private static nint Load(params string[] candidates) => NativeLoader.Load(candidates);
}
