using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Profiles;

public sealed class ProfileTests : IDisposable
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static readonly byte[] Passphrase = "correct horse battery staple"u8.ToArray();
    private readonly TemporaryFolder _folder = new();

    private string Home => Path.Combine(_folder.Path, "alice");

    private string SecretsFile => Path.Combine(Home, "secrets");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_profile_keeps_its_secrets_across_processes(bool encrypted)
    {
        var passphrase = encrypted ? Passphrase : [];
        using var secret = SecretBytes.Random(32);
        using (var profile = Profile.Create(Home, passphrase))
        {
            Assert.Equal(encrypted, profile.IsEncrypted);
            using var batch = new SecretBatch().Add("one", SecretBytes.CopyFrom(secret.Span)).Add("two", SecretBytes.CopyFrom(secret.Span));
            profile.UpdateSecrets(batch);
            profile.UpdateSecrets(new SecretBatch().Remove("two"));
        }
        Assert.True(Profile.Exists(Home));
        Assert.Equal(encrypted, Profile.NeedsPassphrase(Home));
        using var again = Profile.Open(Home, passphrase);
        using var read = again.FindSecret("one");
        Assert.NotNull(read);
        Assert.True(read.FixedTimeEquals(secret));
        Assert.Null(again.FindSecret("two"));
    }

    [Fact]
    public void Nobody_else_can_read_any_file_of_a_profile()
    {
        using var profile = Profile.Create(Home);
        profile.CreateAdmissionKey();
        var entries = Directory.EnumerateFileSystemEntries(Home, "*", SearchOption.AllDirectories).Append(Home).ToList();
        Assert.True(entries.Count >= 5);
        Assert.All(entries, entry => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(entry) & Others));
    }

    [Fact]
    public void A_profile_that_others_can_read_is_refused()
    {
        Profile.Create(Home).Dispose();
        File.SetUnixFileMode(Home, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(Home));
    }

    [Fact]
    public void With_a_passphrase_no_secret_is_readable_in_the_file()
    {
        using var profile = Profile.Create(Home, Passphrase);
        using var batch = new SecretBatch().Add("canary-name", SecretBytes.CopyFrom("canary-canary-canary-canary-cana"u8));
        profile.UpdateSecrets(batch);
        var file = File.ReadAllBytes(SecretsFile);
        Assert.Equal(-1, file.AsSpan().IndexOf("canary"u8));
    }

    [Fact]
    public void A_wrong_or_missing_or_needless_passphrase_is_told_apart_from_damage()
    {
        Profile.Create(Home, Passphrase).Dispose();
        Refused.With(ErrorCodes.PassphraseWrong, () => Profile.Open(Home, "wrong"u8.ToArray()));
        Refused.With(ErrorCodes.PassphraseWrong, () => Profile.Open(Home));
        var other = Path.Combine(_folder.Path, "bob");
        Profile.Create(other).Dispose();
        Refused.With(ErrorCodes.PassphraseWrong, () => Profile.Open(other, Passphrase));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_flipped_bit_of_the_secrets_is_found_and_nothing_is_written(bool encrypted)
    {
        var passphrase = encrypted ? Passphrase : [];
        using (var profile = Profile.Create(Home, passphrase))
        {
            profile.CreateAdmissionKey();
        }
        var sound = File.ReadAllBytes(SecretsFile);
        // Every byte without a passphrase; with one each try that gets past the header costs a key derivation, so a few places.
        var places = encrypted ? [0, 8, 9, 10, 14, 30, 46, 77, 78, 95, sound.Length - 1] : Enumerable.Range(0, sound.Length);
        foreach (var place in places)
        {
            var damaged = (byte[])sound.Clone();
            damaged[place] ^= 1;
            File.WriteAllBytes(SecretsFile, damaged);
            Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(Home, passphrase));
            Assert.Equal(damaged, File.ReadAllBytes(SecretsFile));
        }
        File.WriteAllBytes(SecretsFile, sound);
        Profile.Open(Home, passphrase).Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(77)]
    [InlineData(-1)]
    public void A_truncated_secrets_file_is_refused(int length)
    {
        Profile.Create(Home).Dispose();
        var sound = File.ReadAllBytes(SecretsFile);
        File.WriteAllBytes(SecretsFile, sound[..(length < 0 ? sound.Length + length : length)]);
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(Home));
    }

    [Fact]
    public void A_missing_secrets_file_is_not_made_anew()
    {
        Profile.Create(Home).Dispose();
        File.Delete(SecretsFile);
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(Home));
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.OpenOrCreate(Home));
        Assert.False(File.Exists(SecretsFile));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"version\":2}")]
    [InlineData("{\"version\":1,\"more\":0}")]
    [InlineData("{\"version\":1,\"version\":1}")]
    public void A_damaged_or_later_profile_is_refused(string text)
    {
        Profile.Create(Home).Dispose();
        File.WriteAllText(Path.Combine(Home, "profile.json"), text);
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(Home));
    }

    [Fact]
    public void A_profile_is_made_once_and_only_in_a_folder_of_its_own()
    {
        Profile.Create(Home).Dispose();
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Create(Home));
        var full = Path.Combine(_folder.Path, "full");
        Directory.CreateDirectory(full);
        File.WriteAllText(Path.Combine(full, "something"), "");
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Create(full));
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(full));
        using var opened = Profile.OpenOrCreate(Home);
        Assert.Equal(Home, opened.Folder);
    }

    [Fact]
    public void A_changed_passphrase_opens_and_the_old_one_does_not()
    {
        using (var profile = Profile.Create(Home, Passphrase))
        {
            profile.CreateAdmissionKey();
            profile.ChangePassphrase("another"u8);
            profile.CreateAdmissionKey();
        }
        Refused.With(ErrorCodes.PassphraseWrong, () => Profile.Open(Home, Passphrase));
        using var again = Profile.Open(Home, "another"u8);
        again.ChangePassphrase(default);
        Assert.False(Profile.NeedsPassphrase(Home));
    }

    [Fact]
    public void A_passphrase_changed_by_another_process_is_noticed()
    {
        using var one = Profile.Create(Home);
        using var two = Profile.Open(Home);
        two.ChangePassphrase(Passphrase);
        Refused.With(ErrorCodes.PassphraseWrong, () => one.CreateAdmissionKey());
    }

    [Fact]
    public void The_key_derivation_costs_at_least_600000_iterations_and_less_is_refused()
    {
        Profile.Create(Home, Passphrase).Dispose();
        var file = File.ReadAllBytes(SecretsFile);
        Assert.True(System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(10)) >= 600_000);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(10), 1);
        System.Security.Cryptography.SHA256.HashData(file.AsSpan(0, 46), file.AsSpan(46));
        File.WriteAllBytes(SecretsFile, file);
        Refused.With(ErrorCodes.ProfileInvalid, () => Profile.Open(Home, Passphrase));
    }

    [Fact]
    public async Task Writers_at_once_lose_nothing_of_each_other()
    {
        const int writers = 6, each = 15;
        Profile.Create(Home).Dispose();
        var keys = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(() =>
        {
            // A profile of its own for each, as in processes of their own: the lock is on the file.
            using var profile = Profile.Open(Home);
            return Enumerable.Range(0, each).Select(_ => profile.CreateAdmissionKey()).ToList();
        })));
        using var all = Profile.Open(Home);
        Assert.Equal(writers * each, keys.SelectMany(key => key).Count(key =>
        {
            using var secret = all.FindKey(SecretNames.OwnAdmission(key));
            return secret is not null && secret.XOnlyPublicKey == key;
        }));
    }

    [Fact]
    public void A_leftover_of_a_crash_while_writing_harms_nothing()
    {
        using var profile = Profile.Create(Home);
        var key = profile.CreateAdmissionKey();
        File.WriteAllText(SecretsFile + ".new", "half a fi");
        var other = profile.CreateAdmissionKey();
        using var one = profile.FindKey(SecretNames.OwnAdmission(key));
        using var two = profile.FindKey(SecretNames.OwnAdmission(other));
        Assert.NotNull(one);
        Assert.NotNull(two);
        Assert.False(File.Exists(SecretsFile + ".new"));
    }
}
