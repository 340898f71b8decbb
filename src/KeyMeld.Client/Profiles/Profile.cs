using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// One user's folder (mode 0700): one file of secrets, and public records of groups, enclave pins and signings (mode 0600). With a passphrase the secrets are
/// encrypted with AES-256-GCM under a key from PBKDF2-SHA256 (600,000 iterations); without one nothing but the file permissions protects them. Secrets are read when
/// they are needed and stay in memory no longer. Several processes may use one profile at once. Safe for concurrent use.
/// </summary>
public sealed class Profile : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly SecretStore _secrets;

    private Profile(string folder, SecretStore secrets)
    {
        (Folder, _secrets) = (folder, secrets);
        PinBook = new PinBook(folder);
        GroupRecords = new GroupRecords(folder);
        SigningRecords = new SigningRecords(folder);
        KeyRecords = new KeyRecords(folder);
    }

    /// <summary>The folder, as a full path.</summary>
    public string Folder { get; }

    /// <summary>Whether a passphrase protects the secrets.</summary>
    public bool IsEncrypted => _secrets.IsEncrypted;

    /// <summary>The newest epoch and key seen of each enclave.</summary>
    /// <exception cref="KeyMeldException"><c>profile_invalid</c>: the file is damaged.</exception>
    public IReadOnlyList<EnclavePin> Pins => PinBook.Read();

    internal PinBook PinBook { get; }

    internal GroupRecords GroupRecords { get; }

    internal SigningRecords SigningRecords { get; }

    internal KeyRecords KeyRecords { get; }

    /// <summary>Whether the folder holds a profile.</summary>
    public static bool Exists(string folder) => File.Exists(Path.Combine(folder, ProfileLayout.Profile));

    /// <summary>Whether opening the profile needs a passphrase.</summary>
    /// <exception cref="KeyMeldException"><c>profile_invalid</c>: there is none, or it is damaged.</exception>
    public static bool NeedsPassphrase(string folder)
    {
        RequireSound(folder);
        return SecretStore.NeedsPassphrase(Path.Combine(folder, ProfileLayout.Secrets));
    }

    /// <summary>Makes a profile in a new or empty folder.</summary>
    /// <param name="folder">The folder; it gets mode 0700.</param>
    /// <param name="passphrase">UTF-8; empty for none. The caller wipes it.</param>
    /// <exception cref="KeyMeldException"><c>profile_invalid</c>: there is one already, the folder is not empty, or it cannot be written.</exception>
    public static Profile Create(string folder, ReadOnlySpan<byte> passphrase = default)
    {
        folder = Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(folder, OwnerOnly);
            using var held = ProfileLock.Acquire(folder);
            if (Directory.EnumerateFileSystemEntries(folder).Any(entry => Path.GetFileName(entry) != ProfileLayout.Lock))
            {
                throw Invalid(Exists(folder) ? $"There is a profile in '{folder}' already." : $"'{folder}' is not empty; a profile gets a folder of its own.");
            }
            File.SetUnixFileMode(folder, OwnerOnly);
            Directory.CreateDirectory(Path.Combine(folder, ProfileLayout.Groups), OwnerOnly);
            Directory.CreateDirectory(Path.Combine(folder, ProfileLayout.Signings), OwnerOnly);
            var secrets = SecretStore.Create(Path.Combine(folder, ProfileLayout.Secrets), passphrase);
            // Last: a profile is there when it is complete.
            JsonFile.Write(Path.Combine(folder, ProfileLayout.Profile), new ProfileRecord(), ProfileJson.Default.ProfileRecord);
            return new Profile(folder, secrets);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Invalid($"The profile '{folder}' cannot be made: {error.Message}", error);
        }
    }

    /// <summary>Opens a profile.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="passphrase">UTF-8; empty for none. The caller wipes it.</param>
    /// <exception cref="KeyMeldException"><c>passphrase_wrong</c>; <c>profile_invalid</c>: absent, damaged, of another version, or open to other users.</exception>
    public static Profile Open(string folder, ReadOnlySpan<byte> passphrase = default)
    {
        folder = Path.GetFullPath(folder);
        RequireSound(folder);
        return new Profile(folder, SecretStore.Open(Path.Combine(folder, ProfileLayout.Secrets), passphrase));
    }

    /// <summary>Opens the profile, or makes it where there is none.</summary>
    /// <inheritdoc cref="Open"/>
    public static Profile OpenOrCreate(string folder, ReadOnlySpan<byte> passphrase = default)
    {
        if (!Exists(folder))
        {
            try
            {
                return Create(folder, passphrase);
            }
            catch (KeyMeldException) when (Exists(folder))
            {
                // Another process was faster.
            }
        }
        return Open(folder, passphrase);
    }

    /// <summary>Encrypts the secrets under another passphrase; empty for none. Copies of the old file stay readable with the old one.</summary>
    public void ChangePassphrase(ReadOnlySpan<byte> passphrase)
    {
        using var held = ProfileLock.Acquire(Folder);
        _secrets.ChangePassphrase(passphrase);
    }

    /// <summary>Makes an admission key and keeps its secret: give the public key to a creator, who then cannot join in your place. It serves one group.</summary>
    public XOnlyPublicKey CreateAdmissionKey()
    {
        using var key = SecretKey.Generate();
        using var batch = new SecretBatch().Add(SecretNames.OwnAdmission(key.XOnlyPublicKey), key.Export());
        UpdateSecrets(batch);
        return key.XOnlyPublicKey;
    }

    /// <summary>Wipes the key in memory.</summary>
    public void Dispose() => _secrets.Dispose();

    /// <summary>A copy of a secret, which the caller disposes, or null.</summary>
    internal SecretBytes? FindSecret(string name) => _secrets.Find(name);

    /// <summary>A secret key, which the caller disposes, or null.</summary>
    internal SecretKey? FindKey(string name)
    {
        using var secret = _secrets.Find(name);
        return secret is null ? null : SecretKey.TryImport(secret.Span, out var key) ? key : throw Invalid($"The secret '{name}' is not a key.");
    }

    /// <summary>The names of all secrets that begin so.</summary>
    internal IReadOnlyList<string> SecretsNamed(string beginning) => [.. _secrets.Names().Where(name => name.StartsWith(beginning, StringComparison.Ordinal))];

    /// <summary>Sets and removes secrets, all or none.</summary>
    internal void UpdateSecrets(SecretBatch batch)
    {
        using var held = ProfileLock.Acquire(Folder);
        _secrets.Update(batch.Changes);
    }

    /// <summary>Removes the secrets whose names satisfy a condition.</summary>
    internal void RemoveSecrets(Func<string, bool> condition)
    {
        using var batch = new SecretBatch();
        using var held = ProfileLock.Acquire(Folder);
        foreach (var name in _secrets.Names().Where(condition))
        {
            batch.Remove(name);
        }
        if (batch.Changes.Count > 0)
        {
            _secrets.Update(batch.Changes);
        }
    }

    private static void RequireSound(string folder)
    {
        if (!Exists(folder))
        {
            throw Invalid($"There is no profile in '{folder}'.");
        }
        foreach (var path in (ReadOnlySpan<string>)[folder, Path.Combine(folder, ProfileLayout.Secrets)])
        {
            if ((ModeOf(path) & ~OwnerOnly) != 0)
            {
                throw Invalid($"'{path}' is open to other users; it must be yours alone (chmod go-rwx).");
            }
        }
        _ = JsonFile.Read(Path.Combine(folder, ProfileLayout.Profile), ProfileJson.Default.ProfileRecord);
    }

    private static UnixFileMode ModeOf(string path)
    {
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (IOException error)
        {
            throw Invalid($"The profile is incomplete: {error.Message}", error);
        }
    }

    private static KeyMeldException Invalid(string message, Exception? inner = null) => new(ErrorCodes.ProfileInvalid, message, inner);
}
