using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>What lies where in a profile's folder.</summary>
internal static class ProfileLayout
{
    public const int Version = 1;
    public const string Profile = "profile.json";
    public const string Secrets = "secrets";
    public const string Pins = "pins.json";
    public const string Lock = "lock";
    public const string Groups = "groups";
    public const string Signings = "signings";
    public const string Keys = "keys";

    public static string Group(string folder, Hash32 group) => Path.Combine(folder, Groups, $"{group}.json");

    public static string Key(string folder, Hash32 key) => Path.Combine(folder, Keys, $"{key}.json");

    public static string Signing(string folder, Hash32 request) => Path.Combine(folder, Signings, $"{request}.json");
}
