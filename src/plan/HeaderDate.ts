/**
 * Dates as headers have them.
 *
 * @since 0.1.0
 */

/**
 * A date as RFC 5322 §3.3 writes it, in local time. The day is padded with a space (clause S14), and UTC is named.
 *
 * @since 0.1.0
 * @category encoding
 */
export const format = (date: Date): string => {
  const two = (number: number) => String(number).padStart(2, "0")
  const ahead = -date.getTimezoneOffset()
  const zone = `${ahead < 0 ? "-" : "+"}${two(Math.floor(Math.abs(ahead) / 60))}${two(Math.abs(ahead) % 60)}`
  const day = String(date.getDate()).padStart(2, " ")
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  const utc = ahead === 0 ? " (UTC)" : ""
  return `${days[date.getDay()]}, ${day} ${months[date.getMonth()]} ${date.getFullYear()} ${time} ${zone}${utc}`
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
