using System.Text.Json;
using System.Text.Json.Serialization;
using KeyMeld.DevKit.Kms.Keys;

namespace KeyMeld.DevKit.Kms.Authentication;

/// <summary>
/// The credentials of kms-credentials.json, made with random secrets at the first start (mode 0600): `admin`, an IAM user who creates keys and writes their
/// policies, and `enclave`, the instance role whose credentials the gateway pushes to its enclaves. The file may name more.
/// </summary>
public sealed class KmsCredentials
{
    public const string FileName = "kms-credentials.json";

    private readonly Dictionary<string, KmsCredential> _byAccessKey;

    private KmsCredentials(IReadOnlyList<KmsCredential> all)
    {
        All = all;
        _byAccessKey = all.ToDictionary(credential => credential.AccessKeyId, StringComparer.Ordinal);
    }

    public IReadOnlyList<KmsCredential> All { get; }

    public KmsCredential Admin => Named("admin");

    public KmsCredential Enclave => Named("enclave");

    public KmsCredential Named(string name) =>
        All.FirstOrDefault(credential => credential.Name == name) ?? throw new InvalidDataException($"{FileName} has no credential named '{name}'.");

    /// <summary>Reads the file that a running or finished emulator left in its data directory.</summary>
    public static KmsCredentials Load(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, FileName);
        try
        {
            var file = JsonSerializer.Deserialize(File.ReadAllBytes(path), KmsCredentialsJson.Default.KmsCredentialsFile);
            var credentials = new KmsCredentials(file?.Credentials ?? throw new InvalidDataException($"{path} is empty."));
            _ = (credentials.Admin, credentials.Enclave);
            return credentials;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new InvalidDataException(
                $"{path} is not a list of credentials ({exception.Message}). Restore it, or delete it to have new ones made.", exception);
        }
    }

    internal static KmsCredentials LoadOrCreate(string dataDirectory, string accountId)
    {
        var path = Path.Combine(dataDirectory, FileName);
        if (!File.Exists(path))
        {
            KmsCredential[] made =
            [
                new()
                {
                    Name = "admin",
                    AccessKeyId = AwsIds.AccessKeyId("AKIA"),
                    SecretAccessKey = AwsIds.SecretAccessKey(),
                    PrincipalArn = $"arn:aws:iam::{accountId}:user/keymeld-admin",
                },
                new()
                {
                    Name = "enclave",
                    AccessKeyId = AwsIds.AccessKeyId("ASIA"),
                    SecretAccessKey = AwsIds.SecretAccessKey(),
                    SessionToken = AwsIds.SessionToken(),
                    PrincipalArn = $"arn:aws:iam::{accountId}:role/keymeld-enclave",
                    SessionName = "i-0123456789abcdef0",
                },
            ];
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(new KmsCredentialsFile(made), KmsCredentialsJson.Default.KmsCredentialsFile));
        }
        return Load(dataDirectory);
    }

    internal KmsCredentials With(IReadOnlyList<KmsCredential> more) => more.Count == 0 ? this : new([.. All, .. more]);

    internal KmsCredential? Find(string accessKeyId) => _byAccessKey.GetValueOrDefault(accessKeyId);
}

internal sealed record KmsCredentialsFile(IReadOnlyList<KmsCredential> Credentials);

[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KmsCredentialsFile))]
internal sealed partial class KmsCredentialsJson : JsonSerializerContext;
