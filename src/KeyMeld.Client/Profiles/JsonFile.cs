using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>A file of the profile's version: written whole, read strictly.</summary>
internal interface IVersioned
{
    int Version { get; }
}

/// <summary>Public records as JSON files. What does not read back exactly is <c>profile_invalid</c>, never a default.</summary>
internal static class JsonFile
{
    private const int MostBytes = 64 * 1024 * 1024;

    /// <summary>The record, or null when there is no file.</summary>
    public static T? Find<T>(string path, JsonTypeInfo<T> type)
        where T : class, IVersioned
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
            {
                throw Damaged(path, "it is too large");
            }
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? throw Damaged(path, "it is null");
            return record.Version == ProfileLayout.Version ? record : throw Damaged(path, $"it has format {record.Version}, this program reads format {ProfileLayout.Version}");
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw Damaged(path, error.Message, error);
        }
    }

    public static T Read<T>(string path, JsonTypeInfo<T> type)
        where T : class, IVersioned => Find(path, type) ?? throw Damaged(path, "it is missing");

    public static void Write<T>(string path, T record, JsonTypeInfo<T> type)
        where T : class, IVersioned
    {
        try
        {
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(record, type));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new KeyMeldException(ErrorCodes.ProfileInvalid, $"'{path}' cannot be written: {error.Message}", error);
        }
    }

    public static KeyMeldException Damaged(string path, string why, Exception? inner = null) => new(ErrorCodes.ProfileInvalid, $"The profile's file '{path}' is refused: {why}", inner);
}
